//! A campaign: so many runs, each with dice of its own, all of them named by one seed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::dice::Dice;

/// How long anything may take that is not to hang.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many runs, and which.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// The seed.
    pub seed: u64,
    /// How many runs.
    pub runs: usize,
}

impl Campaign {
    /// What `TORTURE_SEED` and `TORTURE_RUNS` say; unless they do, a sample.
    pub fn or(sample: usize) -> Self {
        let number =
            |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")));
        let runs = number("TORTURE_RUNS").map(|runs| usize::try_from(runs).unwrap());
        Self { seed: number("TORTURE_SEED").unwrap_or(1), runs: runs.unwrap_or(sample) }
    }

    /// The dice of one run.
    pub const fn dice(self, run: usize) -> Dice {
        Dice::new(self.seed.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add((run as u64).wrapping_mul(0x2545_F491_4F6C_DD1D)))
    }
}

/// What a campaign counted, printed when it is over.
#[derive(Default, Debug)]
pub struct Counts(BTreeMap<String, usize>);

impl Counts {
    /// One more of these.
    pub fn one(&mut self, what: impl Into<String>) {
        self.add(what, 1);
    }

    /// So many more of these.
    pub fn add(&mut self, what: impl Into<String>, count: usize) {
        *self.0.entry(what.into()).or_default() += count;
    }

    /// How many there were.
    pub fn of(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// Everything that another counted.
    pub fn take(&mut self, other: &mut Self) {
        for (what, count) in std::mem::take(&mut other.0) {
            self.add(what, count);
        }
    }

    /// Prints them.
    pub fn print(&self, name: &str, campaign: Campaign) {
        println!("{name}: seed {}, {} runs", campaign.seed, campaign.runs);
        for (what, count) in &self.0 {
            println!("{count:>10}  {what}");
        }
    }
}

/// Does something that must end by itself: neither hang nor panic.
pub fn bounded<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || drop(tell.send(what())));
    match told.recv_timeout(PATIENCE) {
        Ok(done) => {
            let _ = thread.join();
            Ok(done)
        }
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => Err("it hangs".to_owned()),
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
            let panic = thread.join().expect_err("it ended without saying anything");
            let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
            Err(format!("it panicked: {}", said.unwrap_or_default()))
        }
    }
}
