use benches::resolution::Resolution;
use chip::CoreModel;
use units::Tick;
fn main() {
    let w = benches::w1(1);
    let syn = std::env::args().nth(1).unwrap();
    let us: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let r = Resolution { model: CoreModel::AnalogLif, tick_us: us };
    let start = r.emulator(&w, &syn);
    let mut best = 1e9f64;
    for _ in 0..7 {
        let mut e = start.clone();
        let t = std::time::Instant::now();
        e.run_until(Tick(w.steps * r.per_ms()), &mut ());
        best = best.min(t.elapsed().as_secs_f64());
        if best == 1e9 {
            println!();
        }
        let c = e.counters();
        println!(
            "{:.4} s {:.1} M/s digest {:016x} visits {} spikes {}",
            best,
            c.synaptic_operations as f64 / best / 1e6,
            e.digest(),
            c.neuron_updates / 256,
            c.spikes
        );
    }
}
