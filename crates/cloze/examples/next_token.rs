//! Logits and probabilities of a decoder at one position, and the cost of a step with and without the cache:
//! `cargo run --release -p cloze --example next_token -- [TEXT [MODEL]]`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::time::Instant;

use cloze::Generator;
use cloze::encoder::decoder::{Asked, Decoder};
use cloze::heads::masked::SampleParams;

/// Tokens before the step whose cost is printed.
const LENGTHS: [usize; 5] = [16, 64, 128, 256, 480];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let text = args.next().unwrap_or_else(|| "She looked out of the".to_owned());
    let generator = Generator::open(args.next().unwrap_or_else(|| "prose-en".to_owned()))?;
    let decoder = generator.decoder();

    let ids = decoder.encode(&text)?.ids;
    let mut logits = vec![];
    decoder.cache(1, ids.len())?.append(&[&ids], Asked::Last, &mut |_, _, row| {
        logits = row.to_vec();
    })?;
    let of = |params: SampleParams| params.check()?.distribution(&logits, &[], &[]);
    let temperature = |t| of(SampleParams::new().temperature(t));
    let columns = [
        temperature(0.5)?,
        temperature(1.0)?,
        temperature(1.5)?,
        of(SampleParams::new().temperature(1.0).top_k(Some(3)))?,
    ];
    println!("token\tlogit\tT 0.5\tT 1\tT 1.5\ttop-k 3");
    for guess in &columns[1][..5] {
        let token = decoder.decode(&[guess.id])?;
        let logit = logits.get(usize::try_from(guess.id)?).copied().unwrap_or(f32::NAN);
        print!("{token}\t{logit:.3}");
        for column in &columns {
            let found = column.iter().find(|other| other.id == guess.id);
            print!("\t{:.4}", found.map_or(0.0, |found| found.probability));
        }
        println!();
    }

    println!("\ntokens before\tms with the cache\tms without");
    for length in LENGTHS.into_iter().filter(|length| length + 8 <= decoder.positions()) {
        let [with, without] = step(decoder, &ids, length)?;
        println!("{length}\t{with:.2}\t{without:.2}");
    }
    Ok(())
}

/// Milliseconds of the token behind `length` others, that of the median of seven: by one new token, and by all
/// of them anew.
fn step(
    decoder: &Decoder,
    ids: &[u32],
    length: usize,
) -> Result<[f64; 2], Box<dyn std::error::Error>> {
    let text: Vec<u32> = ids.iter().copied().cycle().take(length + 1).collect();
    let mut cache = decoder.cache(1, length + 1)?;
    let (mut with, mut without) = (vec![], vec![]);
    for _ in 0..7 {
        cache.truncate(0);
        cache.append(&[&text[..length]], Asked::Last, &mut |_, _, _| {})?;
        let start = Instant::now();
        cache.append(&[&text[length..]], Asked::Last, &mut |_, _, _| {})?;
        with.push(start.elapsed().as_secs_f64() * 1e3);
        cache.truncate(0);
        let start = Instant::now();
        cache.append(&[&text], Asked::Last, &mut |_, _, _| {})?;
        without.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok([with, without].map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }))
}
