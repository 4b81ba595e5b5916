//! Whether a run that says `running` still is.

use crate::record::{RunRecord, Status};

/// A heartbeat older than this many seconds means that the process is gone.
const SILENCE_SECS: i64 = 300;

/// The status as of `now`: `running` with a dead process on this host, or with a heartbeat older than five
/// minutes, reads as interrupted.
pub fn status_now(record: &RunRecord, now: jiff::Timestamp) -> Status {
    let Status::Running = record.status else {
        return record.status;
    };
    let Some(process) = &record.process else {
        return Status::Interrupted;
    };
    let silent = match process.heartbeat.parse::<jiff::Timestamp>() {
        Ok(beat) => now.as_second() - beat.as_second() > SILENCE_SECS,
        Err(_) => true,
    };
    let here = rustix::system::uname().nodename().to_string_lossy() == process.host;
    if silent || (here && !is_alive(process.pid)) {
        Status::Interrupted
    } else {
        Status::Running
    }
}

fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| {
        // Permission denied means that somebody else's process has the number: it is alive.
        !matches!(
            rustix::process::test_kill_process(pid),
            Err(rustix::io::Errno::SRCH)
        )
    })
}
