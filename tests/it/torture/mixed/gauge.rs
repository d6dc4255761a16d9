//! Memory and open files of the server while it serves. The contacts are always the same, so memory may grow by what is kept of each
//! event alone, and within a life by sled's cache until that is full.
//!
//! ```text
//! MiB    life 1 ╱▔▔▔▔   life 2 ╱▔▔▔▔    within a life: the cache fills, then what is kept of each entry
//!       ╱              ╱                 from begin to begin: what is kept of each entry alone
//! ```

use std::time::Duration;

/// How much memory an entry may cost for good, in bytes: an event id in its map takes about 60, its digest's slack and sled's index
/// of blocks the rest.
const BYTES_AN_ENTRY: i128 = 300;

/// How much more a life may take than it began with: sled's cache of 64 MiB, and the allocator's slack.
const FILLS: i128 = 96 << 20;

/// How much the beginnings of lives may differ beside that: they are not looked at at the same moment.
const BEGINS: i128 = 32 << 20;

/// In a life of so many entries the cache is full before the end, and the last part of it is measured by itself.
const FULL: u64 = 150_000;

/// How many files may be open: connections, and what a ledger has open.
const FILES: u64 = 256;

/// A slope is measured over so many of ten looks, the last ones.
const MEASURED: usize = 4;

/// Lives with fewer looks than this have no slope worth the name.
const LOOKS: usize = 30;

/// One look.
#[derive(Clone, Copy, Debug)]
struct Look {
    life: u32,
    after: Duration,
    resident: u64,
    files: u64,
    head: u64,
}

/// What was looked at.
pub struct Gauge {
    every: Duration,
    looks: Vec<Look>,
}

/// What came of one life.
struct Life {
    number: u32,
    first: Look,
    last: Look,
    most_files: u64,
    /// Bytes an entry, where there were looks enough.
    slope: Option<i128>,
}

impl Gauge {
    /// For a load of this length.
    pub fn new(whole: Duration) -> Self {
        Self { every: (whole / 600).clamp(Duration::from_millis(250), Duration::from_secs(3)), looks: Vec::new() }
    }

    /// How often to look.
    pub const fn every(&self) -> Duration {
        self.every
    }

    /// Looks at a process, where there is one.
    pub fn look(&mut self, life: u32, after: Duration, process: Option<u32>, head: u64) {
        let Some(process) = process else { return };
        let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) else { return };
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        let files = std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, |files| files.count() as u64);
        if let Some(resident) = resident {
            self.looks.push(Look { life, after, resident: resident * 1_024, files, head });
        }
    }

    fn lives(&self) -> Vec<Life> {
        let mut lives = Vec::new();
        for life in 0..=self.looks.last().map_or(0, |look| look.life) {
            let looks: Vec<Look> = self.looks.iter().filter(|look| look.life == life).copied().collect();
            let (Some(first), Some(last)) = (looks.first(), looks.last()) else { continue };
            let measured = &looks[looks.len() - looks.len() * MEASURED / 10..];
            let most_files = looks.iter().map(|look| look.files).max().unwrap_or_default();
            let slope = (measured.len() >= LOOKS).then(|| slope(measured));
            lives.push(Life { number: life + 1, first: *first, last: *last, most_files, slope });
        }
        lives
    }

    /// Prints a line a life.
    pub fn print(&self) {
        println!(
            "{:>6}  {:>8}  {:>10}  {:>12}  {:>12}  {:>10}  {:>14}",
            "life", "seconds", "entries", "MiB begun", "MiB ended", "most files", "bytes an entry"
        );
        for life in self.lives() {
            let seconds = life.last.after.as_secs() - life.first.after.as_secs();
            let entries = life.last.head.saturating_sub(life.first.head);
            let [begun, ended] = [life.first, life.last].map(|look| look.resident / 1_048_576);
            let slope = life.slope.map_or_else(|| "too short".to_owned(), |slope| slope.to_string());
            println!("{:>6}  {seconds:>8}  {entries:>10}  {begun:>12}  {ended:>12}  {:>10}  {slope:>14}", life.number, life.most_files);
        }
    }

    /// Fails where memory grew by more than what was recorded, or files stayed open.
    pub fn assert_flat(&self) {
        let lives = self.lives();
        let begun = lives.first().expect("nothing was measured").first;
        let grew = |from: &Look, to: &Look, beside: i128| {
            let kept = BYTES_AN_ENTRY * (i128::from(to.head) - i128::from(from.head));
            i128::from(to.resident) - i128::from(from.resident) - kept - beside
        };
        for life in &lives {
            let number = life.number;
            assert!(grew(&life.first, &life.last, FILLS) < 0, "life {number}: from {:?} to {:?}", life.first, life.last);
            assert!(grew(&begun, &life.first, BEGINS) < 0, "life {number} began with {:?}, the first with {begun:?}", life.first);
            assert!(life.most_files < FILES, "life {number}: {} files were open", life.most_files);
            if let Some(slope) = life.slope.filter(|_| life.last.head - life.first.head > FULL) {
                assert!(slope < BYTES_AN_ENTRY, "life {number}: {slope} bytes an entry although the cache is full");
            }
        }
    }
}

/// The slope of the line through memory over entries that is nearest to all looks.
fn slope(looks: &[Look]) -> i128 {
    let sum =
        |of: &dyn Fn(i128, i128) -> i128| -> i128 { looks.iter().map(|look| of(i128::from(look.head), i128::from(look.resident))).sum() };
    let (count, heads, bytes) = (sum(&|_, _| 1), sum(&|head, _| head), sum(&|_, bytes| bytes));
    let across = count * sum(&|head, _| head * head) - heads * heads;
    if across == 0 { 0 } else { (count * sum(&|head, bytes| head * bytes) - heads * bytes) / across }
}

#[test]
fn a_leak_is_found_within_a_life_and_from_one_to_the_next() {
    let look = |life: u32, n: u64, bytes: u64| Look { life, after: Duration::from_secs(n), resident: bytes, files: 20, head: n * 2_000 };
    // Each life begins with what it holds, and fills a cache of 64 MiB in its first half.
    let of = |an_entry: u64, for_good: u64| {
        let at = |n: u64| {
            let (life, within) = (n / 100, n % 100);
            let cache = (within * 2).min(100) * 671_088;
            let held = 50_000_000 + if life == 0 { 0 } else { 100 * life * 2_000 * for_good };
            look(u32::try_from(life).unwrap(), n, held + cache + within * 2_000 * an_entry)
        };
        Gauge { every: Duration::ZERO, looks: (0..300).map(at).collect() }
    };
    assert!((140..=160).contains(&of(150, 150).lives()[1].slope.unwrap()));
    of(150, 150).assert_flat();
    let fails = |gauge: Gauge| std::panic::catch_unwind(|| gauge.assert_flat()).is_err();
    assert!(fails(of(400, 150)), "more an entry than is kept of it");
    assert!(fails(of(150, 600)), "more from life to life");
}
