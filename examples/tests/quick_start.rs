//! Starts README's quick start as a reader does. Discord is out of reach here, or refuses the token.

use std::{
    error::Error,
    fs,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

type TestResult = Result<(), Box<dyn Error>>;

/// The running program, which ends with the test.
struct Program(Child);

impl Program {
    /// Waits for the program's end, at most for this time.
    fn ended_within(&mut self, time: Duration) -> Result<Option<ExitStatus>, Box<dyn Error>> {
        let begun = Instant::now();
        loop {
            match self.0.try_wait()? {
                None if begun.elapsed() < time => thread::sleep(Duration::from_millis(20)),
                status => return Ok(status),
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Killing fails if the program has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn the_example_is_what_readme_shows() -> TestResult {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no parent")?;
    let example = fs::read_to_string(root.join("examples/quick_start/main.rs"))?;
    let (_, code) = example.split_once("\n\n").ok_or("no header")?;
    assert!(fs::read_to_string(root.join("README.md"))?.contains(&format!("```rust,no_run\n{code}```")));
    Ok(())
}

#[test]
fn it_starts_and_stops_on_a_signal() -> TestResult {
    let test = std::env::current_exe()?;
    let built = test.parent().and_then(Path::parent).ok_or("a test without a folder")?.join("examples/quick_start");
    if !built.exists() {
        return Err("build it first: cargo build -p mocha-examples --features bot --example quick_start".into());
    }
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("log");
    let mut program = Program(
        Command::new(built)
            .current_dir(folder.path())
            .env("DISCORD_TOKEN", "none")
            .stdin(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .spawn()?,
    );
    let refused = program.ended_within(Duration::from_secs(2))?;
    let logged = fs::read_to_string(&log)?;
    assert!(!logged.contains("panicked"), "{logged}");
    assert!(folder.path().join("data/stats.db").exists(), "{logged}");
    if refused.is_none() {
        assert!(Command::new("kill").arg(program.0.id().to_string()).status()?.success());
        let status = program.ended_within(Duration::from_secs(30))?.ok_or("it does not stop")?;
        assert!(status.success(), "{}", fs::read_to_string(&log)?);
    }
    Ok(())
}
