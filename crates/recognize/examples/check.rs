//! Answers for each line `validator<TAB>number` of standard input whether the validator accepts the
//! number: `true` or `false`. Used by `tests/data/make_checksums.py --check 10000`.
#![expect(clippy::print_stdout, reason = "the answers of an example")]

use std::io::{BufRead as _, stdin};

use cloze_recognize::Validator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in stdin().lock().lines() {
        let line = line?;
        let (name, number) = line.split_once('\t').ok_or("expected `validator<TAB>number`")?;
        println!("{}", name.parse::<Validator>()?.is_valid(number));
    }
    Ok(())
}
