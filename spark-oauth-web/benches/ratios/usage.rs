//! What a process has used of the machine, as `/proc` tells. `self` is this process.

use std::fmt::Display;
use std::fs;
use std::time::Duration;

use crate::Outcome;

/// The processor time of all threads so far, of user and system.
pub(crate) fn processor(process: impl Display) -> Outcome<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in brackets may hold anything; the fields follow it.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<Result<u64, std::num::ParseIntError>>()?;
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_millis(ticks * 1000 / per_second))
}

/// The memory in use, in MiB (`VmRSS`).
pub(crate) fn resident_mib(process: impl Display) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .ok_or("the system does not tell the memory of a process")?
        .parse()?;
    Ok(kib / 1024.0)
}
