//! Facts of the clean program with a few of its words replaced.

use super::{fixture, parse, suspicions};

/// What the clean program raises with texts of its files replaced.
fn with_replaced(changes: &[(&str, &str)]) -> Vec<String> {
    let mut files = fixture("clean");
    for (from, to) in changes {
        assert!(files.iter().any(|(_, text)| text.contains(from)), "{from}");
        for (_, text) in &mut files {
            *text = text.replace(from, to);
        }
    }
    let code = parse(&files);
    suspicions(&code.entries[0])
}

#[test]
fn a_function_called_like_a_library_s_seeds_what_its_body_seeds() {
    let own = with_replaced(&[("    torch.manual_seed(seed)\n", "")]);
    assert_eq!(own, ["data.py:41:12: no `torch.manual_seed`"]);
    let library = [
        ("def seed_everything(seed):", "def seed_nothing(seed):"),
        ("    torch.manual_seed(seed)\n", ""),
        (
            "import torch\n",
            "import torch\nfrom lightning import seed_everything\n",
        ),
    ];
    assert_eq!(with_replaced(&library), ["not deterministic"]);
}

#[test]
fn per_cents_of_batch_means_are_batch_means() {
    let sum = "n_correct += logits.argmax(dim=1).eq(labels).sum().item()";
    let mean = "n_correct += logits.argmax(dim=1).eq(labels).float().mean().item()";
    let result = "100.0 * n_correct / n_items";
    for by_batches in [
        "100.0 * n_correct / len(loader)",
        "n_correct * 100 / len(loader)",
    ] {
        let found = with_replaced(&[(sum, mean), (result, by_batches)]);
        assert_eq!(
            found,
            [
                "train_valid.py:28:34: `n_correct` over train_valid.py:22:9 is divided by the number of batches"
            ]
        );
    }
}

#[test]
fn listings_are_known_by_what_is_imported() {
    let changes = [
        (
            "import os\nimport random\n",
            "import os\nimport random\nfrom glob import glob\n",
        ),
        (
            "sorted(os.listdir(self.folder))",
            "glob(self.folder + '/*')",
        ),
    ];
    assert_eq!(with_replaced(&changes), ["data.py:16:22: glob.glob"]);
}
