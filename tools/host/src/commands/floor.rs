//! The floor plan of a program in the terminal: a grid of cores, each with its fullest resource.

use mapper::{CoreUse, FloorPlan};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most cores of a chip that is drawn as a grid; of larger chips the cores in use are listed.
const GRID_MAX: usize = 16;

/// Most chips that are drawn.
const CHIPS_MAX: usize = 8;

/// Most cores of a list that are shown, the fullest first if there are more.
const LISTED_MAX: usize = 24;

/// Cells of a line.
const COLUMNS: usize = 4;

/// Links that are named.
const LINKS: usize = 3;

/// The floor plan, with the links of most traffic.
pub(crate) fn text(floor: &FloorPlan) -> String {
    let mut text = String::from("Floor plan: the fullest resource of each core, in percent of its limit.\n\n");
    if let [core] = &floor.cores[..] {
        let _ = writeln!(text, "  {}: {}", core.address, filled(core));
        return text;
    }
    let mut chips: BTreeMap<u16, Vec<&CoreUse>> = BTreeMap::new();
    for core in &floor.cores {
        chips.entry(core.address.chip.0).or_default().push(core);
    }
    for (chip, cores) in chips.iter().take(CHIPS_MAX) {
        text.push_str(&if floor.cores_per_chip <= GRID_MAX {
            grid(*chip, floor.cores_per_chip, cores)
        } else {
            list(*chip, cores)
        });
    }
    if let Some(more) = chips.len().checked_sub(CHIPS_MAX).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more chips; `--html` of `quenched map` draws all");
    }
    text + &links(floor)
}

/// `93 % tags`; `-` of a core without limits.
pub(crate) fn filled(core: &CoreUse) -> String {
    core.fullest().map_or_else(|| "-".into(), |(name, percent)| format!("{percent} % {name}"))
}

/// All cores of a chip, as many in a row as there are rows.
fn grid(chip: u16, count: usize, cores: &[&CoreUse]) -> String {
    let columns = (1..).find(|side| side * side >= count).unwrap_or(1).min(COLUMNS);
    let cell = |core: usize| {
        let used = cores.iter().find(|used| used.address.core.index() == core);
        format!("{core}: {}", used.map_or_else(|| "not in use".into(), |used| filled(used)))
    };
    rows(chip, &(0..count).map(cell).collect::<Vec<_>>(), columns)
}

/// The cores of a chip that are in use.
fn list(chip: u16, cores: &[&CoreUse]) -> String {
    let mut shown = cores.to_vec();
    // Stable: of cores as full the first stay in front.
    if shown.len() > LISTED_MAX {
        shown.sort_by_key(|core| std::cmp::Reverse(core.fullest().map_or(0, |(_, percent)| percent)));
        shown.truncate(LISTED_MAX);
    }
    let cells: Vec<String> = shown.iter().map(|core| format!("{}: {}", core.address.core, filled(core))).collect();
    let mut text = rows(chip, &cells, COLUMNS);
    if let Some(more) = cores.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
        let _ = writeln!(text, "          and {more} cores more, none fuller");
    }
    text
}

fn rows(chip: u16, cells: &[String], columns: usize) -> String {
    let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (row, cells) in cells.chunks(columns).enumerate() {
        let name = if row == 0 { format!("chip {chip}") } else { String::new() };
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "  {name:<8}| {} |", cells.join(" | "));
    }
    text
}

/// What goes between cores, and where most.
fn links(floor: &FloorPlan) -> String {
    let words: u64 = floor.links.iter().map(|link| link.words).sum();
    if words == 0 {
        return String::from("\nNo neuron sends to another core than its own.\n");
    }
    let hops: u64 = floor.links.iter().map(|link| link.hops).sum();
    let mut most: Vec<_> = floor.links.iter().collect();
    most.sort_by_key(|link| std::cmp::Reverse((link.hops, link.words)));
    let most = most.iter().take(LINKS).map(|link| format!("{} to {}: {}", link.from, link.to, link.words));
    let most = most.collect::<Vec<_>>().join("; ");
    let weighted = if hops == words { String::new() } else { format!(", {hops} hops") };
    format!("\nIf each neuron spikes once, {words} events go to other cores{weighted}; most: {most}.\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mapper::{CoreLink, Use};
    use units::CoreAddress;

    fn core(chip: u16, core: u16, used: u64) -> CoreUse {
        let of = |used, limit| Use { used, limit: Some(limit) };
        let resources = vec![("neurons".into(), of(1, 256)), ("tags".into(), of(used, 2048))];
        CoreUse { address: CoreAddress::new(chip, core), model: "lif".into(), parts: Vec::new(), resources }
    }

    #[test]
    fn grids_are_small_and_thousands_of_cores_are_elided() {
        let link = CoreLink { from: CoreAddress::new(0, 0), to: CoreAddress::new(1, 3), words: 7, hops: 14 };
        let cores = vec![core(0, 0, 2048), core(0, 3, 2047), core(1, 3, 1)];
        let plan = FloorPlan { cores_per_chip: 4, cores, links: vec![link] };
        let shown = text(&plan);
        assert!(
            shown
                .contains("  chip 0  | 0: 100 % tags | 1: not in use |\n          | 2: not in use | 3: 99 % tags  |\n"),
            "{shown}"
        );
        assert!(shown.contains("7 events go to other cores, 14 hops; most: chip 0 core 0 to chip 1 core 3: 7."));
        let one = text(&FloorPlan { cores_per_chip: 4, cores: vec![core(2, 1, 0)], links: Vec::new() });
        assert!(one.ends_with("\n  chip 2 core 1: 1 % neurons\n"), "{one}");
        let cores = (0..3000).map(|index| core(index / 100, index % 100, u64::from(index % 7) * 100)).collect();
        let many = text(&FloorPlan { cores_per_chip: 128, cores, links: Vec::new() });
        assert!(many.lines().count() < 70 && many.contains("and 76 cores more, none fuller"), "{many}");
        assert!(many.contains("and 22 more chips"), "{many}");
    }
}
