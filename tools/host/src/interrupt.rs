//! What happens when a person presses Ctrl-C, or another process asks this one to end.
//!
//! Owns the one place that knows of signals. Where there are none, as in WebAssembly, a process ends as it is ended.

/// Calls `handler` on an interrupt. A process has one handler, the first; without one it is ended.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn on_interrupt(handler: impl FnMut() + Send + 'static) {
    let _ = ctrlc::set_handler(handler);
}

/// Nothing interrupts.
#[cfg(target_family = "wasm")]
pub(crate) fn on_interrupt(_handler: impl FnMut() + Send + 'static) {}
