//! The real world: jobs become processes.

use super::effects::{Effects, Job, JobDone, JobKey, News, Ready};
use crate::activity::{Circumstances, Launcher, end_leftover, judge, note_path, process_of};
use crate::timer::Clock;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Effects as processes of this machine.
pub struct Processes {
    launcher: Launcher,
    children: PathBuf,
    clock: Arc<dyn Clock>,
    ready: Ready,
}

impl Processes {
    /// Processes whose pids are noted in the directory `children`.
    ///
    /// # Errors
    /// The system's, where it gives no thread.
    pub fn new(children: PathBuf, clock: Arc<dyn Clock>, ready: Ready) -> io::Result<Self> {
        Ok(Self { launcher: Launcher::start()?, children, clock, ready })
    }
}

impl Processes {
    /// See [`Launcher::kill_all`].
    pub fn kill_all(&self) -> impl Fn() + Send + use<> {
        self.launcher.kill_all()
    }
}

impl Effects for Processes {
    fn start(&mut self, job: Job) {
        let key = job.key;
        let ready = Arc::clone(&self.ready);
        let note = note_path(&self.children, key.run.0, key.op.0);
        let told = Circumstances {
            run_id: &job.run_id,
            op: key.op.0,
            attempt: job.attempt,
            idempotency_key: &job.idempotency_key,
            timeout_ms: job.timeout_ms,
            note: Some(note.clone()),
        };
        match process_of(&job.label, &job.input, &job.start, told) {
            Err(failed) => ready(News::Done(JobDone { key, result: Err(failed) })),
            Ok((spec, ok_codes)) => {
                let clock = Arc::clone(&self.clock);
                let before = Box::new(move || end_leftover(&note, clock.as_ref()));
                let (label, timeout_ms) = (job.label, job.timeout_ms);
                let after = Box::new(move |output| {
                    let result = judge(&label, output, &ok_codes, timeout_ms);
                    ready(News::Done(JobDone { key, result }));
                });
                self.launcher.launch(key.serial, spec, before, after);
            }
        }
    }

    fn stop(&mut self, key: JobKey) {
        self.launcher.stop(key.serial);
    }

    fn stop_all(&mut self, patience: bool) {
        self.launcher.stop_all(patience);
    }
}
