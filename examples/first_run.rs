//! A network on one die: events in, spikes out. `cargo run --example first_run`
#![allow(clippy::print_stdout, reason = "an example reports on the terminal")]

use quenched::{Activity, Board, MapperOptions, Tick, chips, networks};
use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let chip = chips::shipped("dynapse2")?;
    let network = networks::read(include_str!("network.toml"), "network.toml", Path::new(""), &chip)?;
    let board = Board::map(chip, &network, &MapperOptions::default())?;
    let mut session = board.on(&board.die(1, 0)?)?;

    // Each of the 24 channels sends an event every 5 ms; a tick is 1 us.
    for (channel, tick) in (0..24).flat_map(|channel| (0..200).step_by(5).map(move |ms| (channel, ms * 1000))) {
        session.send(board.channel("stimulus", channel)?, Tick(tick), 1)?;
    }
    session.probe_population("pools", None, "v")?;
    let mut activity = Activity::new(&board);
    session.run_until(Tick(200_000), &mut activity);

    for population in activity.populations() {
        println!("{}: {} spikes of {} neurons", population.name, population.total(), population.events.len());
    }
    let highest = session.recordings()[0].bits.iter().max().copied().unwrap_or(0);
    println!("pools[0]:v had {} samples and was at most {highest}", session.sampled().len());
    println!("digest {:016x}", session.digest());
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
