//! "Did you mean": the candidate closest to a misspelt name.

/// The candidate that `name` was most likely meant to be; `None` if nothing is close.
///
/// A third of the letters (at least one) may differ, and the end may be missing from the third letter on; upper and
/// lower case do not count.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let len = lower.chars().count();
    let allowed = len.div_ceil(3).max(1);
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let distance = strsim::osa_distance(&lower, &candidate);
        let is_start = len >= 3 && candidate.starts_with(&lower);
        let is_near = distance <= allowed && distance < len.max(candidate.chars().count());
        (is_start || is_near).then_some(distance)
    };
    let near = candidates.into_iter().filter_map(|candidate| Some((distance(candidate)?, candidate)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// Help for a misspelt name: the nearest one if there is one, else all that are `known`, behind `list`.
pub fn suggestion(name: &str, known: &[String], list: &str) -> Option<String> {
    if let Some(candidate) = nearest(name, known.iter().map(String::as_str)) {
        return Some(format!("did you mean `{candidate}`?"));
    }
    let all: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
    (!all.is_empty()).then(|| format!("{list}: {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_far_ones_are_not() {
        let check = |name, expected: Option<&str>| {
            assert_eq!(nearest(name, ["cv", "tau_mem", "tau_ampa", "AMPA", "geometry", "%"]), expected, "{name}");
        };
        check("tau_men", Some("tau_mem"));
        check("taumem", Some("tau_mem"));
        check("geomerty", Some("geometry"));
        check("ampa", Some("AMPA"));
        check("CV", Some("cv"));
        check("geo", Some("geometry"));
        check("ge", None);
        check("colour", None);
        check("x", None);
        check("", None);
    }
}
