//! The same input and settings give the same bytes.
use crate::run::Home;

#[test]
fn neither_time_nor_threads_nor_batches_change_a_byte() {
    let home = Home::new();
    let names = ["John Smith", "Angela Merkel", "José", "Nobody", "X"];
    let line = |i: usize| match i % 4 {
        0 => format!("{i}: My name is {}.\n", names[i % names.len()]),
        1 => "\n".to_owned(),
        2 => {
            format!("{} lives at {i} Main Street, {}\n", names[i % 3], "and so on ".repeat(i % 30))
        }
        _ => format!("+1 555 {i:03} 4567\n"),
    };
    home.write("a.log", (0..60).map(line).collect::<String>());
    home.write("b.txt", (0..60).map(line).collect::<String>());
    let run = |args: &[&str]| {
        let ran = home.run(&[&["tag", "a.log", "b.txt", "-f", "jsonl", "-q"], args].concat());
        ran.good().to_owned()
    };
    let first = run(&[]);
    assert!(first.matches("GIVEN_NAME").count() > 25);
    for args in [
        &[][..],
        &["--threads", "1"],
        &["--threads", "2"],
        &["--threads", "3", "--batch-tokens", "64"],
        &["--batch-tokens", "1024"],
        &["--batch-tokens", "1", "--threads", "1"],
    ] {
        assert!(run(args) == first, "{args:?}");
    }
    // Nor does the company: alone, and in another order.
    let only = |path: &str, text: &str| {
        let line = |l: &&str| l.contains(&format!("\"path\":\"{path}\""));
        text.lines().filter(line).map(str::to_owned).collect::<Vec<_>>()
    };
    let turned = home.run(&["tag", "b.txt", "a.log", "-f", "jsonl", "-q"]);
    for path in ["a.log", "b.txt"] {
        assert_eq!(only(path, turned.good()), only(path, &first));
        let alone = home.run(&["tag", path, "-f", "jsonl", "-q"]);
        assert_eq!(only(path, alone.good()), only(path, &first));
    }
}
