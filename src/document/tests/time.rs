//! The time that reading takes grows with the length of the text, whatever stands in it.

use crate::document::*;

#[test]
fn long_lines_are_read_in_linear_time() {
    let n = 60_000;
    let texts = [
        format!(
            "m{}\n{}\nx{}\n",
            "|ü".repeat(n),
            "-|".repeat(n),
            "|1".repeat(n)
        ),
        "<!--".repeat(n),
        "<!-- ü -->".repeat(n),
        format!("[1] Namespace(a=[{}\n])", "1,\n".repeat(n / 10)),
        format!("[1] Namespace(a=[{}\n])", "[1,\n".repeat(n / 10)),
        "<!-- x\n".repeat(n),
        "-|-\n".repeat(n),
        "this | that\n".repeat(n),
        (1..1000)
            .map(|length| "`".repeat(length) + " ")
            .collect::<String>()
            + "\n# x",
        format!("<details>{}", "<p </details".repeat(n)),
        "## x\n[reference]\n".repeat(n / 10),
        format!("m|A\n-|-\n{}", "x [1]|1\n".repeat(n / 10)),
        "[1] a/b/c; x\n\nm|A\n-|-\ny [2]|1\n\n".repeat(n / 20),
        format!("[1] --a {}\n", "--b 'x' ".repeat(n / 10)),
        format!("[1] {}", "a: 1\n".repeat(n / 10)),
        format!("## {}\n", "a = [1, ".repeat(n / 10)),
        format!("m|A\n-|-\nx|{0}1{0}\n", "*".repeat(10 * n)),
        format!("m|A\n-|-\nx|{0}1{0}\n", "_*".repeat(10 * n)),
    ];
    for text in texts {
        let start = std::time::Instant::now();
        let document = Document::parse(&text);
        assert!(
            document.tables.len()
                + document.comments.len()
                + document.unparsed.len()
                + document.definitions.len()
                + document.headings.len()
                > 0
        );
        // Quadratic, each takes minutes.
        assert!(start.elapsed().as_secs() < 10, "{}", &text[..20]);
    }
}
