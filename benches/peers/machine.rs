//! A description of the machine.

use std::{fs, path::Path, process::Command};

/// Returns list items with the processor, memory and file system, and the kernel and compiler, as far as they are known.
pub(crate) fn describe(folder: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = value("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let mut parts = vec![format!("{processor}, {cores} cores")];
    if let Some(memory) = value("/proc/meminfo", "MemTotal").and_then(|text| gibibytes(&text)) {
        parts.push(format!("{memory} GiB of memory"));
    }
    let file_system = Command::new("df").arg("--output=fstype").arg(folder).output().ok();
    if let Some(name) = file_system.and_then(|output| last_line(&output.stdout)) {
        parts.push(format!("{name} on its disk"));
    }
    let mut system = Vec::new();
    if let Ok(kernel) = fs::read_to_string("/proc/sys/kernel/osrelease") {
        system.push(format!("Linux {}", kernel.trim()));
    }
    if let Some(rustc) = Command::new("rustc").arg("--version").output().ok().and_then(|out| last_line(&out.stdout)) {
        system.push(rustc.split(" (").next().unwrap_or_default().to_owned());
    }
    format!("* machine: {}\n* system: {}", parts.join(", "), system.join(", "))
}

/// Returns the text after a key and a colon.
fn value(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Rounds kibibytes to gibibytes.
fn gibibytes(text: &str) -> Option<u64> {
    let kibibytes: u64 = text.split(' ').next()?.parse().ok()?;
    Some((kibibytes + (1 << 19)) >> 20)
}

fn last_line(output: &[u8]) -> Option<String> {
    Some(String::from_utf8_lossy(output).trim().lines().last()?.to_owned())
}
