//! Memory and open files of the server while it serves.
//!
//! The contacts are always the same, and the caches are filled before anything is measured ([`warm`](super::warm)). From then on memory
//! may grow by what is kept of each entry alone. So the median of the last third of each life is held against that of its middle
//! third; the first third is for what fills later.
//!
//! ```text
//! MiB  warmed ╱▔▔▔▔▔▔▔▔│▔▔▔▔▔▔▔▔▔│▔▔▔▔▔▔▔▔▔     grew: last third − middle third
//!            ╱  first  │  middle │  last        may grow: 300 bytes × entries meanwhile + 16 MiB
//! ```
//!
//! What would be found is worked out from what may grow: a leak in every call is found where it is more than that, divided by the
//! calls meanwhile. A run of half an hour fails where that is more than 1 KiB, since it would prove too little.

use std::time::Duration;

/// How much memory an entry may cost for good, in bytes: an event id in its map takes about 60, its digest's slack and sled's index
/// of blocks the rest.
const BYTES_AN_ENTRY: i128 = 300;

/// How much the thirds of a life may differ beside that: what is under way, and what the allocator keeps.
const SLACK: i128 = 16 << 20;

/// How much lives may differ beside that as they begin, warmed up: they are not looked at at the same moment.
const BEGINS: i128 = 48 << 20;

/// A leak of so many bytes in every call must be found by a run that is [`LONG`].
const FOUND: i128 = 1_024;

/// How long a run is that proves something about leaks.
const LONG: Duration = Duration::from_secs(30 * 60);

/// How many files may be open: connections, and what a ledger has open.
const FILES: u64 = 256;

/// Lives with fewer looks than this are not held against themselves.
const LOOKS: usize = 90;

/// One look.
#[derive(Clone, Copy, Debug)]
struct Look {
    life: u32,
    after: Duration,
    resident: u64,
    files: u64,
    /// How many entries there are, and how many calls were answered so far, in all lives.
    entries: u64,
    calls: u64,
}

/// What was looked at.
pub struct Gauge {
    whole: Duration,
    looks: Vec<Look>,
}

/// What came of one life.
struct Life {
    number: u32,
    first: Look,
    last: Look,
    most_files: u64,
    /// Where there were looks enough.
    thirds: Option<Thirds>,
}

/// The medians of the middle third and of the last.
#[derive(Debug)]
struct Thirds {
    middle: Look,
    last: Look,
}

impl Thirds {
    fn grew(&self) -> i128 {
        i128::from(self.last.resident) - i128::from(self.middle.resident)
    }

    fn may_grow(&self) -> i128 {
        BYTES_AN_ENTRY * i128::from(self.last.entries - self.middle.entries) + SLACK
    }

    fn calls(&self) -> i128 {
        i128::from(self.last.calls - self.middle.calls)
    }

    /// How many bytes each call must leak at the least, so that it is found.
    fn finds(&self) -> i128 {
        self.may_grow() / self.calls().max(1)
    }
}

impl Gauge {
    /// For a load of this length.
    pub const fn new(whole: Duration) -> Self {
        Self { whole, looks: Vec::new() }
    }

    /// How often to look.
    pub fn every(&self) -> Duration {
        (self.whole / 900).clamp(Duration::from_millis(100), Duration::from_secs(2))
    }

    /// Looks at a process, where there is one, after so many entries and calls.
    pub fn look(&mut self, life: u32, after: Duration, process: Option<u32>, (entries, calls): (u64, u64)) {
        let Some(process) = process else { return };
        let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) else { return };
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        let files = std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, |files| files.count() as u64);
        if let Some(resident) = resident {
            self.looks.push(Look { life, after, resident: resident * 1_024, files, entries, calls });
        }
    }

    fn lives(&self) -> Vec<Life> {
        let mut lives = Vec::new();
        for life in 0..=self.looks.last().map_or(0, |look| look.life) {
            let looks: Vec<Look> = self.looks.iter().filter(|look| look.life == life).copied().collect();
            let (Some(first), Some(last)) = (looks.first(), looks.last()) else { continue };
            let most_files = looks.iter().map(|look| look.files).max().unwrap_or_default();
            let third = looks.len() / 3;
            let thirds = (looks.len() >= LOOKS)
                .then(|| Thirds { middle: median(&looks[third..third * 2]), last: median(&looks[looks.len() - third..]) });
            lives.push(Life { number: life + 1, first: *first, last: *last, most_files, thirds });
        }
        lives
    }

    /// Prints a line a life.
    pub fn print(&self) {
        println!("memory of each life, warmed up; MiB, but for what a leak in every call is found from, in bytes");
        println!(
            "{:>4} {:>8} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>11} {:>10}",
            "life", "seconds", "entries", "calls", "begun", "middle", "last", "grew", "may grow", "found from", "most files"
        );
        for life in self.lives() {
            let (first, last) = (&life.first, &life.last);
            let seconds = last.after.as_secs() - first.after.as_secs();
            let counted = format!("{:>9} {:>9}", last.entries.saturating_sub(first.entries), last.calls - first.calls);
            let thirds = life.thirds.map_or_else(
                || format!("{:>44}", "too short to tell"),
                |thirds| {
                    let (middle, last) = (mib(thirds.middle.resident.into()), mib(thirds.last.resident.into()));
                    format!("{middle:>8.1} {last:>8.1} {:>8.1} {:>8.1} {:>11}", mib(thirds.grew()), mib(thirds.may_grow()), thirds.finds())
                },
            );
            println!("{:>4} {seconds:>8} {counted} {:>8.1} {thirds} {:>10}", life.number, mib(first.resident.into()), life.most_files);
        }
    }

    /// Fails where memory grew by more than what was recorded, where files stayed open, and where too little was called to tell.
    pub fn assert_flat(&self) {
        let lives = self.lives();
        let begun = lives.first().expect("nothing was measured").first;
        for life in &lives {
            let number = life.number;
            let (grew, entries) =
                (i128::from(life.first.resident) - i128::from(begun.resident), i128::from(life.first.entries) - i128::from(begun.entries));
            assert!(grew < BYTES_AN_ENTRY * entries + BEGINS, "life {number} began with {:?}, the first with {begun:?}", life.first);
            assert!(life.most_files < FILES, "life {number}: {} files were open", life.most_files);
            if let Some(thirds) = &life.thirds {
                assert!(thirds.grew() < thirds.may_grow(), "life {number}: more than was recorded: {thirds:?}");
            }
            if self.whole >= LONG {
                let finds = life.thirds.as_ref().map(Thirds::finds);
                assert!(
                    finds.is_some_and(|bytes| bytes <= FOUND),
                    "life {number}: what leaks in a call is found only from {finds:?} bytes"
                );
            }
        }
    }
}

/// In every respect by itself, so that one peak does not count.
fn median(looks: &[Look]) -> Look {
    let of = |what: &dyn Fn(&Look) -> u64| {
        let mut all: Vec<u64> = looks.iter().map(what).collect();
        all.sort_unstable();
        all[all.len() / 2]
    };
    let (resident, files) = (of(&|look| look.resident), of(&|look| look.files));
    Look { resident, files, entries: of(&|look| look.entries), calls: of(&|look| look.calls), ..looks[0] }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn mib(bytes: i128) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Three lives of ten minutes, 100 entries and 200 calls a second: what each entry and each call takes for good.
#[cfg(test)]
fn run(an_entry: u64, a_call: u64, calls_a_second: u64) -> Gauge {
    let at = |n: u64| {
        let (life, within) = (n / 300, n % 300 * 2);
        let seconds = n * 2;
        let peak = if n.is_multiple_of(7) { 30 << 20 } else { 0 };
        let resident = (150 << 20) + seconds * 100 * an_entry + within * calls_a_second * a_call + peak;
        let (entries, calls) = (seconds * 100, seconds * calls_a_second);
        Look { life: u32::try_from(life).unwrap(), after: Duration::from_secs(seconds), resident, files: 40, entries, calls }
    };
    Gauge { whole: LONG, looks: (0..900).map(at).collect() }
}

#[test]
fn a_leak_of_a_kibibyte_in_every_call_is_found_and_what_is_recorded_is_none() {
    run(150, 0, 200).assert_flat();
    let fails = |gauge: Gauge| std::panic::catch_unwind(|| gauge.assert_flat()).is_err();
    assert!(fails(run(150, 1_024, 200)), "a leak in every call");
    assert!(fails(run(1_500, 0, 200)), "more an entry than is kept of it");
    assert!(fails(run(150, 0, 60)), "so few calls that a leak of a kibibyte would not be found");
}
