//! The same program on eight dies: mismatch makes each answer in its own way. `cargo run --example variability`
#![allow(clippy::print_stdout, reason = "an example reports on the terminal")]

use quenched::{Activity, Board, InputEvent, InputId, MapperOptions, Tick, chips, networks};
use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let chip = chips::shipped("dynapse2")?;
    let network = networks::read(include_str!("network.toml"), "network.toml", Path::new(""), &chip)?;
    let board = Board::map(chip, &network, &MapperOptions::default())?;
    let dies: Vec<_> = (0..8).map(|id| board.die(1, id)).collect::<Result<_, _>>()?;

    // The connections are compiled once; each die runs on a thread of its own, and the order is that of the dies.
    let spikes = board.on_each(&dies, None, |mut session| {
        let event = |i: u64| InputEvent { tick: Tick(i * 208), channel: InputId((i % 24) as u32), payload: 1 };
        session.send_all((0..960).map(event), Tick(0)..Tick(200_000))?;
        let mut activity = Activity::new(session.board());
        session.run_until(Tick(200_000), &mut activity);
        Ok(activity.populations()[0].total())
    });
    for (id, spikes) in spikes.into_iter().enumerate() {
        println!("die {id}: {} spikes of the reservoir", spikes?);
    }
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
