//! Recurrent connections switched off while the program runs, and on again. `cargo run --example mute`
#![allow(clippy::print_stdout, reason = "an example reports on the terminal")]

use quenched::{Activity, Board, InputEvent, InputId, MapperOptions, Tick, chips, networks};
use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let chip = chips::shipped("dynapse2")?;
    let network = networks::read(include_str!("network.toml"), "network.toml", Path::new(""), &chip)?;
    let board = Board::map(chip, &network, &MapperOptions::default())?;
    let mut session = board.on(&board.die(1, 0)?)?;
    let event = |i: u64| InputEvent { tick: Tick(i * 208), channel: InputId((i % 24) as u32), payload: 1 };
    session.send_all((0..1440).map(event), Tick(0)..Tick(300_000))?;

    let mut activity = Activity::new(&board);
    for (end, state) in [(100_000, "whole"), (200_000, "muted"), (300_000, "whole again")] {
        match state {
            "muted" => session.mute(&["recurrent"])?,
            _ => session.unmute(&["recurrent"])?,
        }
        activity.begin_part();
        session.run_until(Tick(end), &mut activity);
        let reservoir = &activity.populations()[0];
        println!("{state}: {} spikes in 100 ms", reservoir.parts.last().unwrap_or(&0));
    }
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
