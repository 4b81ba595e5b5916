//! Every byte of the files that our own document cites, changed once.
use crate::corpus::Corpus;
pub(crate) fn check(_: &Corpus) -> bool {
    false
}
