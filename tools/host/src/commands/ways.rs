//! Ways out of a refused mapping, as advice.

use mapper::WayOut;

/// What to do: each way with what it costs, a line each.
pub(crate) fn help(ways: &[WayOut]) -> Option<String> {
    (!ways.is_empty()).then(|| ways.iter().map(spelled).collect::<Vec<_>>().join("\n"))
}

fn spelled(way: &WayOut) -> String {
    let what = match (way.option, way.value) {
        (Some(key), Some(value)) => format!("`--{} {value}`: {}", key.replace('_', "-"), way.what),
        _ => way.what.clone(),
    };
    match &way.loss {
        Some(loss) => format!("{what}; {loss}"),
        None => what,
    }
}
