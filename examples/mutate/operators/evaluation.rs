//! Defects of evaluations in training code: what decides, how batches become an epoch, and what chance does.

use super::code::{Edit, edited, planted, replaced};
use super::origin::in_runs;
use crate::corpus::{Corpus, Mutant};

const FINAL: &str = "    test_loss, test_acc = evaluate(model, test_loader, device)\n    print('test loss {:.4f}, accuracy {:.2f} %'.format(test_loss, test_acc))\n";
const SCHEDULED: &str = "        scheduler.step(valid_loss)\n";
const BEST: &str = "        if valid_loss < best_loss:\n            best_loss = valid_loss\n            torch.save(model.state_dict(), os.path.join(args.log_dir, 'best.pt'))\n";

/// What decides: of the schedule and of the best epoch, each in a spelling or not at all.
const DECISIONS: &[(&str, &str, &str)] = &[
    ("schedule and best epoch", SCHEDULED, BEST),
    (
        "schedule",
        SCHEDULED,
        "        torch.save(model.state_dict(), os.path.join(args.log_dir, 'best.pt'))\n",
    ),
    ("best epoch", "", BEST),
    (
        "best epoch by max",
        "",
        "        best_loss = min(best_loss, valid_loss)\n        torch.save(model.state_dict(), os.path.join(args.log_dir, 'best.pt'))\n",
    ),
    (
        "best accuracy",
        "",
        "        if best_acc is None or valid_acc > best_acc:\n            best_acc = valid_acc\n            torch.save(model.state_dict(), os.path.join(args.log_dir, 'best.pt'))\n",
    ),
    (
        "early stop",
        "",
        "        torch.save(model.state_dict(), os.path.join(args.log_dir, 'best.pt'))\n        if early_stopping(valid_loss):\n            break\n",
    ),
];

/// A file, what stands in it, and what would.
type Change = (&'static str, &'static str, &'static str);

/// How the split that decides becomes the only one that is evaluated.
const SPLITS: &[(&str, &[Change])] = &[
    (
        "tests in the loop",
        &[(
            "main.py",
            "evaluate(model, valid_loader, device)",
            "evaluate(model, test_loader, device)",
        )],
    ),
    (
        "`valid_loader` of the test images",
        &[(
            "data.py",
            "make_loader(args, 'valid'",
            "make_loader(args, 'test'",
        )],
    ),
    (
        "`valid_loader` of PrivateTest",
        &[
            (
                "data.py",
                "make_loader(args, 'valid'",
                "make_loader(args, 'PrivateTest'",
            ),
            (
                "data.py",
                "make_loader(args, 'test'",
                "make_loader(args, 'PrivateTest'",
            ),
        ],
    ),
    ("no final test", &[("main.py", FINAL, "")]),
];

/// The split that decides is the reported one: in a program, or in our own runs.
pub(super) fn selection(corpus: &Corpus) -> Vec<Mutant> {
    let mut defects = Vec::new();
    for (decides, schedule, best) in DECISIONS {
        for (reported, changes) in SPLITS {
            let mut all = vec![("main.py", SCHEDULED, *schedule), ("main.py", BEST, *best)];
            all.extend_from_slice(changes);
            defects.push(replaced(&format!("{decides}, {reported}"), &all));
        }
    }
    let mut mutants = planted(corpus, defects);
    for metric in ["test/total/loss", "test/age/accuracy"] {
        let decides = format!("`{metric}` decides");
        mutants.extend(in_runs(corpus, &decides, |run| {
            let selection = run.record.selection.as_mut();
            selection.expect("our runs choose an epoch").metric = metric.to_owned();
        }));
    }
    mutants
}

const START: &str = "    total_loss, n_correct, n_items = 0.0, 0, 0\n";
const SUM: &str = "            total_loss += F.cross_entropy(logits, labels).item() * labels.size(0)\n            n_correct += logits.argmax(dim=1).eq(labels).sum().item()\n";
const RESULT: &str = "    return total_loss / n_items, 100.0 * n_correct / n_items";
const METER: &str = "class AverageMeter:\n    def __init__(self):\n        self.total, self.n = 0.0, 0\n\n    def update(self, value, n=1):\n        self.total += value * n\n        self.n += n\n\n    @property\n    def mean(self):\n        return self.total / self.n";
/// A value of a batch, and whether the sum of the other metric stays.
const VALUES: &[(&str, &str)] = &[
    ("loss", "F.cross_entropy(logits, labels).item()"),
    (
        "accuracy",
        "logits.argmax(dim=1).eq(labels).float().mean().item()",
    ),
];
/// Lists of batches, made one number.
const OF_LIST: &[(&str, &str)] = &[
    ("np.mean", "np.mean(values)"),
    ("numpy.average", "np.average(values)"),
    ("statistics.fmean", "statistics.fmean(values)"),
    ("sum over len", "sum(values) / len(values)"),
    ("a tensor's mean", "torch.tensor(values).mean()"),
    ("an array's mean", "np.array(values).mean()"),
];
/// Counts of batches behind a sum.
const COUNTS: &[(&str, &str, &str)] = &[
    ("len(loader)", "len(loader)", ""),
    ("float(len(loader))", "float(len(loader))", ""),
    ("n_batches", "n_batches", "            n_batches += 1\n"),
    ("a counted step", "step", "            step += 1\n"),
];

/// An epoch's metric as a plain mean over batches.
pub(super) fn batch_means(corpus: &Corpus) -> Vec<Mutant> {
    let mut defects = Vec::new();
    for (name, value) in VALUES {
        let mut add = |how: &str, start: &str, each: &str, result: &str| {
            let start = format!("{START}{start}");
            let sum = format!("{SUM}{each}");
            let result = format!("    return total_loss / n_items, 100.0 * {result}");
            defects.push(replaced(
                &format!("{name}: {how}"),
                &[
                    ("train_valid.py", START, &start),
                    ("train_valid.py", SUM, &sum),
                    ("train_valid.py", RESULT, &result),
                ],
            ));
        };
        let listed = format!("            values.append({value})\n");
        for (how, result) in OF_LIST {
            add(how, "    values = []\n", &listed, result);
        }
        for (how, count, counted) in COUNTS {
            let start = format!(
                "    total, {} = 0.0, 0\n",
                if counted.is_empty() { "_" } else { count }
            );
            let each = format!("            total += {value}\n{counted}");
            add(how, &start, &each, &format!("total / {count}"));
        }
        for update in [value.to_string(), format!("100.0 * {value}")] {
            let each = format!("            meter.update({update})\n");
            add(
                &format!("a meter of {update}"),
                "    meter = AverageMeter()\n",
                &each,
                "meter.mean",
            );
        }
    }
    for (what, program) in &mut defects {
        if what.contains("meter") {
            *program = program.clone().with_uncalled("train_valid.py", METER);
        }
    }
    planted(corpus, defects)
}

/// Transformations that are drawn anew for each image.
const RANDOM: &[&str] = &[
    "RandomCrop(224, padding=4)",
    "RandomHorizontalFlip()",
    "RandomVerticalFlip()",
    "RandomRotation(10)",
    "RandomResizedCrop(224)",
    "RandomAffine(5)",
    "RandomErasing()",
    "RandomGrayscale()",
    "RandomPerspective()",
    "ColorJitter(0.4, 0.4)",
    "AutoAugment()",
    "RandAugment()",
    "TrivialAugmentWide()",
];

/// Chance by one replacement.
const CHANCES: &[Edit] = &[
    (
        "augmented whatever the split",
        "data.py",
        "split == 'train'",
        "True",
    ),
    ("no eval()", "train_valid.py", "    model.eval()\n", ""),
    ("train()", "train_valid.py", "model.eval()", "model.train()"),
    (
        "eval() in a comment",
        "train_valid.py",
        "    model.eval()",
        "    # model.eval()",
    ),
    (
        "train(True)",
        "train_valid.py",
        "model.eval()",
        "model.train(True)",
    ),
    (
        "choice",
        "data.py",
        "sorted(os.listdir(self.folder))",
        "np.random.choice(sorted(os.listdir(self.folder)), 3590)",
    ),
    (
        "choices",
        "data.py",
        "sorted(os.listdir(self.folder))",
        "random.choices(sorted(os.listdir(self.folder)), k=3590)",
    ),
    (
        "a sampler with replacement",
        "data.py",
        "shuffle=shuffle,",
        "sampler=RandomSampler(dataset, replacement=True),",
    ),
    (
        "a weighted sampler",
        "data.py",
        "shuffle=shuffle,",
        "sampler=WeightedRandomSampler(WEIGHTS, 3590),",
    ),
];

/// An evaluation that gives other numbers when it is repeated.
pub(super) fn stochastic(corpus: &Corpus) -> Vec<Mutant> {
    const STEPS: &str = "[transforms.Resize((224, 224))";
    const TENSOR: &str = "[transforms.ToTensor()";
    let mut defects = edited(CHANCES);
    for transform in RANDOM {
        for before in [STEPS, TENSOR] {
            let with = before.replacen('[', &format!("[transforms.{transform}, "), 1);
            let what = format!("{transform} before {before}");
            defects.push(replaced(&what, &[("data.py", before, &with)]));
        }
    }
    for split in ["valid", "test"] {
        for limit in ["if n_items >= 1000:", "if n_items > 500:"] {
            let more = format!(
                "            n_items += labels.size(0)\n            {limit}\n                break\n"
            );
            let unshuffled = format!("'{split}', shuffle=False");
            defects.push(replaced(
                &format!("{split}: {limit}"),
                &[
                    (
                        "train_valid.py",
                        "            n_items += labels.size(0)\n",
                        &more,
                    ),
                    ("data.py", &unshuffled, &unshuffled.replace("False", "True")),
                ],
            ));
        }
    }
    planted(corpus, defects)
}
