//! Small inputs of each kind that lie beside the workspace, in `../shared/cases/input`. Skipped where they are absent.

use super::*;

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn each_case_is_read_or_refused_with_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases/input");
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder {}", folder.display());
        return;
    }
    let square = Sensor::Pixels { width: 34, height: 34 };
    let load = |name: &str, options: &Options| {
        load(&folder.join(name), options).map_err(|e| e.to_string().replace(&*folder.to_string_lossy(), "DIR"))
    };
    let pixels = |name: &str| load(name, &Options::of(square));
    let channels = |name: &str| load(name, &Options::of(Sensor::Channels(700)));
    for (name, count) in [
        ("ok.bin", 40),
        ("ok.bs2", 40),
        ("hot256.bs2", 256),
        ("tonic.npy", 40),
        ("tonic_struct.npz", 40),
        ("td.dat", 10),
    ] {
        assert_eq!(pixels(name).unwrap().events.len(), count, "{name}");
    }
    assert_eq!(pixels("ok.bin").unwrap().events, pixels("ok.bs2").unwrap().events);
    assert_eq!(pixels("evt3.raw").unwrap().events, []);
    let dvs = load("v2.aedat", &Options::of(Sensor::Pixels { width: 128, height: 128 })).unwrap();
    assert_eq!(dvs.events, vec![event(1000, 16 * 128 + 1); 10]);
    for name in ["bom.txt", "comma.txt"] {
        let times: Vec<u64> = channels(name).unwrap().events.iter().map(|e| e.time_us).collect();
        assert_eq!(times, [0, 500], "{name}");
    }
    let wrapped = pixels("wrap23.bs2").unwrap();
    assert!(wrapped.events.is_sorted_by_key(|e| e.time_us) && wrapped.wraps == 1);
    assert!(wrapped.events[9].time_us - wrapped.events[0].time_us < 100_000, "and not 8.39 s");
    assert_eq!(pixels("cols_epoch_t.npz").unwrap().events[0].time_us, 1_700_000_000_000_000);
    assert!(channels("reckon.txt").unwrap_err().contains("`--columns address,time`"));
    assert!(pixels("prophesee.csv").unwrap_err().contains("`--columns x,y,p,t`"));
    let named = |names: &str, sensor| Options { columns: Some(names.parse().unwrap()), ..Options::of(sensor) };
    let reckon = load("reckon.txt", &named("address,time", Sensor::Channels(700))).unwrap();
    assert_eq!((reckon.events.len(), &reckon.skipped[..]), (10, &[("marks (negative addresses)", 2)][..]));
    assert_eq!(load("prophesee.csv", &named("x,y,p,t", square)).unwrap().events.len(), 40);
    let sample = |sample| Options { sample: Some(sample), ..Options::of(Sensor::Channels(700)) };
    assert_eq!(load("shd.h5", &sample(0)).unwrap().events.len(), 20);
    assert!(channels("shd.h5").unwrap_err().contains("`--sample N`"));
    // Headers with nothing behind them.
    assert!(pixels("ex.es").unwrap_err().contains("byte 25 starts a record of 5 bytes, but 3 are left"));
    assert!(pixels("v3.aedat").unwrap_err().starts_with("DIR/v3.aedat: byte 42: a packet of 0 events of 0 bytes"));
    assert!(pixels("v4.aedat4").unwrap_err().contains("its header is no FlatBuffer of type IOHE"));
}
