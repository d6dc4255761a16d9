//! The process: CPU, memory, files, under the names that every Prometheus client uses.

use std::fmt;

use procfs::process::{LimitValue, Process as Running};

use super::{Families, Source};

/// This process.
pub struct Process;

/// What the system says of it.
struct Seen {
    cpu_seconds: f64,
    started_at: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    threads: u64,
    open_files: u64,
    most_files: u64,
}

#[expect(clippy::cast_precision_loss, reason = "ticks of a process's life are far below 2^52")]
fn look() -> procfs::ProcResult<Seen> {
    let process = Running::myself()?;
    let (stat, ticks) = (process.stat()?, procfs::ticks_per_second() as f64);
    Ok(Seen {
        cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
        started_at: procfs::boot_time_secs()? as f64 + stat.starttime as f64 / ticks,
        resident_bytes: stat.rss * procfs::page_size(),
        virtual_bytes: stat.vsize,
        threads: u64::try_from(stat.num_threads).unwrap_or_default(),
        open_files: process.fd_count()? as u64,
        most_files: match process.limits()?.max_open_files.soft_limit {
            LimitValue::Value(most) => most,
            LimitValue::Unlimited => u64::MAX,
        },
    })
}

impl Source for Process {
    /// Where the system says nothing, nothing is told: a scrape goes on without it.
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        let Ok(seen) = look() else { return Ok(()) };
        families.counter_of("process_cpu_seconds_total", "CPU time of the process, in seconds.", seen.cpu_seconds)?;
        families.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", seen.started_at)?;
        families.whole("process_resident_memory_bytes", "Memory that the process holds, in bytes.", seen.resident_bytes)?;
        families.whole("process_virtual_memory_bytes", "Address space of the process, in bytes.", seen.virtual_bytes)?;
        families.whole("process_threads", "Threads of the process.", seen.threads)?;
        families.whole("process_open_fds", "Files and sockets that the process has open.", seen.open_files)?;
        families.whole("process_max_fds", "How many it may have open.", seen.most_files)
    }
}
