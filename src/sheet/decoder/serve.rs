//! The process that decodes workbooks: takes requests, binds itself, answers.
//!
//! Owns nothing but the loop; decoding is [`crate::sheet::excel`]'s. The one rule: it ends quietly as soon as nobody
//! asks or nobody listens.

use std::io::{self, Read, Write};

use super::super::error::SheetError;
use super::super::excel;
use super::limits::{self, Allowance};
use super::protocol::{self, Answer, Failure, Job, MAX_REQUEST_BYTES, Request, VERSION};

/// Serves requests until there are no more; what the hidden command of the program runs.
///
/// From the first request on the whole process is bound by limits that only fit workbooks.
pub fn serve(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    protocol::write(&mut output, &Answer::Ready(VERSION.to_owned()))?;
    while let Some(request) = protocol::read::<Request>(&mut input, MAX_REQUEST_BYTES)? {
        let allowance = Allowance::of(request.size);
        limits::bind(Allowance { seconds: allowance.seconds.min(request.seconds), ..allowance });
        answer(request.job, &mut output)?;
    }
    Ok(())
}

fn answer(job: Job, output: &mut impl Write) -> io::Result<()> {
    let begun = limits::computed();
    let mut lost = None;
    let done = match job {
        // The asking side puts the file's name into what goes wrong.
        Job::List { path, content } => excel::list(&path, "", content).map(|sheets| {
            lost = protocol::write(output, &Answer::Sheets(sheets)).err();
        }),
        Job::Read(work) => work.run(&mut |rows| {
            lost = protocol::write(output, &Answer::Rows(rows)).err();
            lost.is_none()
        }),
    };
    let done = match lost {
        Some(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            let reason = "a row of it, or its list of sheets, is longer than 16 MiB".to_owned();
            Err(SheetError::Damaged { file: String::new(), reason })
        }
        Some(error) => return Err(error),
        None => done,
    };
    let lasts = limits::is_lean();
    let millis = limits::computed().saturating_sub(begun).as_millis() as u64;
    let last = match done {
        Ok(()) => Answer::Done { lasts, millis },
        Err(error) => Answer::Failed { failure: Failure::of(&error), lasts, millis },
    };
    protocol::write(output, &last)
}
