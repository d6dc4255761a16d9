//! Memory and open files of the server while it serves. The contacts are always the same, so memory may grow by what is kept of each
//! event alone: a line through what was measured has a slope in bytes an entry, and that has a bound.

use std::time::Duration;

/// How much memory an entry may cost, in bytes: an event id in its map takes about 60, sled's index of blocks and the
/// allocator's slack the rest.
const BYTES_AN_ENTRY: f64 = 600.0;

/// How much memory the server may have beside that, in bytes.
const BASE: f64 = 400.0 * 1_048_576.0;

/// How many files may be open: connections, and what a ledger has open.
const FILES: u64 = 256;

/// Of each life the first part is not measured: caches fill.
const WARM_UP: f64 = 0.3;

/// Lives with fewer looks behind the warm-up have no slope worth the name.
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
    life: u32,
    first: Look,
    last: Look,
    most_files: u64,
    /// Bytes an entry, where there were looks enough.
    slope: Option<f64>,
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
            let warm = &looks[(looks.len() as f64 * WARM_UP) as usize..];
            let most_files = looks.iter().map(|look| look.files).max().unwrap_or_default();
            let slope = (warm.len() >= LOOKS).then(|| slope(warm));
            lives.push(Life { life, first: *first, last: *last, most_files, slope });
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
            let seconds = (life.last.after - life.first.after).as_secs();
            let entries = life.last.head.saturating_sub(life.first.head);
            let [begun, ended] = [life.first, life.last].map(|look| look.resident / 1_048_576);
            let slope = life.slope.map_or_else(|| "too short".to_owned(), |slope| format!("{slope:.0}"));
            println!("{:>6}  {seconds:>8}  {entries:>10}  {begun:>12}  {ended:>12}  {:>10}  {slope:>14}", life.life + 1, life.most_files);
        }
    }

    /// Fails where memory grew by more than what was recorded, or files stayed open.
    pub fn assert_flat(&self) {
        assert!(!self.looks.is_empty(), "nothing was measured");
        for life in self.lives() {
            if let Some(slope) = life.slope {
                assert!(slope < BYTES_AN_ENTRY, "life {}: {slope:.0} bytes an entry", life.life + 1);
            }
            assert!(life.most_files < FILES, "life {}: {} files were open", life.life + 1, life.most_files);
            let most = BASE + BYTES_AN_ENTRY * life.last.head as f64;
            assert!((life.last.resident as f64) < most, "life {}: {} bytes", life.life + 1, life.last.resident);
        }
    }
}

/// The slope of the line through memory over entries that is nearest to all looks.
fn slope(looks: &[Look]) -> f64 {
    let count = looks.len() as f64;
    let mean = |of: &dyn Fn(&Look) -> f64| looks.iter().map(of).sum::<f64>() / count;
    let (heads, bytes) = (mean(&|look| look.head as f64), mean(&|look| look.resident as f64));
    let along: f64 = looks.iter().map(|look| (look.head as f64 - heads) * (look.resident as f64 - bytes)).sum();
    let across: f64 = looks.iter().map(|look| (look.head as f64 - heads).powi(2)).sum();
    if across == 0.0 { 0.0 } else { along / across }
}

#[test]
fn the_slope_is_that_of_the_line_and_a_leak_is_found() {
    let look = |n: u64, bytes: u64| Look { life: 0, after: Duration::from_secs(n), resident: bytes, files: 20, head: n * 100 };
    let of = |an_entry: u64| Gauge {
        every: Duration::ZERO,
        looks: (0..100).map(|n| look(n, 50_000_000 + n * 100 * an_entry + if n % 2 == 0 { 4_096 } else { 0 })).collect(),
    };
    let slope = of(100).lives()[0].slope.unwrap();
    assert!((slope - 100.0).abs() < 2.0, "{slope}");
    of(100).assert_flat();
    assert!(std::panic::catch_unwind(|| of(1_000).assert_flat()).is_err());
}
