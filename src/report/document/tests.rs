//! Documents from templates, in place and in sequence.

use super::*;
use crate::report::render::example;
use crate::report::spec::NumberingScope;

fn values() -> Values {
    Arc::new(|run, metric| match (run, metric) {
        ("m/a/1", "test/a/accuracy") => Ok(0.825),
        _ => Err(format!("run `{run}` has no metric `{metric}`")),
    })
}

fn template(text: &str) -> Result<Rendered, DocumentError> {
    let path = Path::new("templates/R.md");
    render_template(path, text, &[example()], values(), "")
}

fn message(text: &str) -> String {
    template(text).expect_err(text).to_string()
}

#[test]
fn a_template_places_tables_references_and_values() {
    let rendered = template(
        "# Title\n\n{{ table(\"example\") }}\n\n## reference\n\n{{ references(\"example\") }}\n\n\
         {{ value(run=\"m/a/1\", metric=\"test/a/accuracy\", scale=100, decimals=1) }} %\n",
    )
    .expect("rendered");
    let mut table = example();
    table
        .number_notes(&mut Numbering::default())
        .expect("free numbers");
    let (body, notes) = (markdown::table(&table, ""), markdown::references(&table));
    let expected = format!("# Title\n\n{body}\n## reference\n\n{notes}\n82.5 %\n");
    assert_eq!(rendered.text, expected);
    assert_eq!(rendered.tables[0].rows[1].notes[1].mark, 4);
}

#[test]
fn unknown_names_are_errors_with_their_line() {
    assert_eq!(
        message("\n{{ table(\"exmple\") }}"),
        "templates/R.md:2: unknown table `exmple`\nhelp: did you mean `example`?"
    );
    assert_eq!(
        message("{{ value(run=\"x\", metric=\"y\") }}"),
        "templates/R.md:1: run `x` has no metric `y`"
    );
    assert!(message("{{ tabel }}").starts_with("templates/R.md:1: undefined"));
    assert!(message("\n\n{{ tabel(\"example\") }}").starts_with("templates/R.md:3:"));
    assert_eq!(
        message("{{ table(\"example\") }}"),
        "templates/R.md: table `example` is placed without its references\n\
         help: add `{{ references(\"example\") }}` below it"
    );
}

#[test]
fn notes_are_placed_one_by_one_in_any_order() {
    let notes: Vec<String> = [2, 4, 1, 3]
        .iter()
        .map(|mark| format!("{{{{ note(\"example\", {mark}) }}}}\n"))
        .collect();
    let all = format!("{{{{ table(\"example\") }}}}\n\n{}", notes.concat());
    let text = template(&all).expect("rendered").text;
    let definitions: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(
        definitions,
        [
            "[2] hyper-parameters: Namespace(seed=[0, 1])",
            "[4] hyper-parameters: Namespace(seed=0)",
            "[1] data source: \"results/m/a/1\", \"results/m/a/2\"",
            "[3] data source: \"results/m/b/1\"",
        ]
    );
    assert_eq!(
        message(&all.replace(&notes[1], "")),
        "templates/R.md: note 4 of table `example` is placed nowhere\n\
         help: add `{{ note(\"example\", 4) }}`"
    );
    let again = format!("{all}{}", notes[0]);
    assert_eq!(
        message(&again),
        "templates/R.md:7: note 2 of table `example` is placed twice"
    );
    assert_eq!(
        message(&format!("{all}{{{{ references(\"example\") }}}}")),
        "templates/R.md:7: note 1 of table `example` is placed twice"
    );
    assert_eq!(
        message("{{ note(\"example\", 7) }}"),
        "templates/R.md:1: table `example` has no note 7\nhelp: expected one of `1`, `2`, `3`, `4`"
    );
}

#[test]
fn tables_may_number_their_own_notes() {
    let pinned = |name: &str, text: &str, numbering| {
        let mut table = example();
        table.name = name.into();
        table.numbering = numbering;
        table.rows.truncate(1);
        table.rows[0].notes.truncate(1);
        table.rows[0].notes[0].pin = Some(1);
        table.rows[0].notes[0].text = text.into();
        table
    };
    let tables = |numbering| vec![pinned("a", "x", numbering), pinned("b", "y", numbering)];
    let error = numbered(tables(NumberingScope::Document)).expect_err("one number");
    assert_eq!(error.number, 1);
    let mut apart = numbered(tables(NumberingScope::Table)).expect("numbered apart");
    assert!(apart.iter().all(|table| table.rows[0].notes[0].mark == 1));
    let path = Path::new("templates/R.md");
    let both = "{{ table(\"a\") }}\n{{ table(\"b\") }}\n{{ note(\"a\", 1) }}\n";
    let error = render_template(path, both, &apart, values(), "").expect_err("b lacks its own");
    assert!(
        error
            .to_string()
            .contains("table `b` is placed without its references")
    );
    // A note that says the same under the same number is the same note.
    apart[1].rows[0].notes[0].text = "x".into();
    let text = render_template(path, both, &apart, values(), "")
        .expect("rendered")
        .text;
    assert!(text.ends_with("\n[1] x\n"));
}

#[test]
fn in_place_leaves_the_rest_alone_and_is_stable() {
    let path = Path::new("README.md");
    let text = "before\r\n<!-- repro:table example -->\nold\n<!-- repro:end -->\nafter";
    let once = update_in_place(path, text, &[example()], "")
        .expect("updated")
        .text;
    assert!(once.starts_with("before\r\n<!-- repro:table example -->\n\nmodel "));
    assert!(once.ends_with("Namespace(seed=0)\n\n<!-- repro:end -->\nafter"));
    let twice = update_in_place(path, &once, &[example()], "")
        .expect("updated")
        .text;
    assert_eq!(once, twice);
}

#[test]
fn a_sequence_can_be_updated_in_place() {
    let path = Path::new("README.md");
    let first = in_sequence(path, &[example()], "").expect("rendered").text;
    assert!(first.starts_with("## experiment results\n\n<!-- repro:table example -->\n"));
    let again = update_in_place(path, &first, &[example()], "")
        .expect("updated")
        .text;
    assert_eq!(first, again);
}

#[test]
fn wrong_markers_are_errors() {
    let message = |text: &str| {
        let error = update_in_place(Path::new("README.md"), text, &[example()], "");
        error.expect_err(text).to_string()
    };
    assert_eq!(
        message("\n<!-- repro:table example -->\n"),
        "README.md:2: this table marker has no `<!-- repro:end -->`"
    );
    assert_eq!(
        message("<!-- repro:end -->\n"),
        "README.md:1: `<!-- repro:end -->` without a table marker above"
    );
    assert_eq!(
        message("<!-- repro:table x -->\n"),
        "README.md:1: unknown table `x`\nhelp: expected one of `example`"
    );
    assert!(message("text\n").starts_with("README.md: holds no table markers"));
}

#[test]
fn folders_lead_back_to_the_root() {
    assert_eq!(to_root(Path::new("RESULTS.md")), "");
    assert_eq!(to_root(Path::new("docs/a/RESULTS.md")), "../../");
}
