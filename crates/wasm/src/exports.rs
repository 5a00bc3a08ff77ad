//! What a page calls: texts in and out of the memory of WebAssembly.
//!
//! A page asks [`room`] for as many bytes as its question has, writes them there, calls [`ask`], which says how long
//! the answer is, and reads it from where [`answer`] says. Memory may have grown in the meantime: views of it are made
//! anew after each call. Where the kernel panics, [`ask`] traps, and the page finds the reason in [`panicked`].
//!
//! This is the one place with `unsafe` in it: names that are not mangled could be those of others. Nothing here reads
//! or writes through a pointer; addresses only leave.
#![allow(unsafe_code, reason = "exports have names that are not mangled")]

use crate::Playground;
use std::cell::RefCell;

/// What lasts from call to call.
#[derive(Default)]
struct Exchange {
    playground: Playground,
    question: Vec<u8>,
    answer: String,
}

thread_local! {
    static EXCHANGE: RefCell<Exchange> = RefCell::default();
    static PANIC: RefCell<String> = RefCell::default();
}

/// Makes room for a question of `bytes` bytes, and says where.
#[unsafe(no_mangle)]
extern "C" fn room(bytes: usize) -> usize {
    std::panic::set_hook(Box::new(|info| PANIC.with_borrow_mut(|text| *text = info.to_string())));
    EXCHANGE.with_borrow_mut(|exchange| {
        exchange.question = vec![0; bytes];
        // Who writes there is not seen from here.
        exchange.question.as_mut_ptr().expose_provenance()
    })
}

/// Answers the question, and says how many bytes that is.
#[unsafe(no_mangle)]
extern "C" fn ask() -> usize {
    EXCHANGE.with_borrow_mut(|exchange| {
        let question = String::from_utf8_lossy(&exchange.question).into_owned();
        exchange.answer = exchange.playground.answer(&question);
        exchange.answer.len()
    })
}

/// Where the answer is.
#[unsafe(no_mangle)]
extern "C" fn answer() -> usize {
    EXCHANGE.with_borrow(|exchange| exchange.answer.as_ptr().expose_provenance())
}

/// How many bytes the reason of a panic has, which is where [`reason`] says; 0 if there was none.
#[unsafe(no_mangle)]
extern "C" fn panicked() -> usize {
    PANIC.with_borrow(String::len)
}

/// Where that reason is.
#[unsafe(no_mangle)]
extern "C" fn reason() -> usize {
    PANIC.with_borrow(|text| text.as_ptr().expose_provenance())
}
