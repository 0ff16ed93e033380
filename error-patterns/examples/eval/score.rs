//! How well a grouping agrees with the truth: the measures of the evaluation, over records that each have a true
//! label and a group.
//!
//! Pairwise and B-cubed precision and recall (Bagga and Baldwin 1998), the adjusted Rand index (Hubert and Arabie
//! 1985), homogeneity and completeness (Rosenberg and Hirschberg 2007), grouping accuracy GA and FGA (Zhu et al. 2019,
//! Jiang et al. 2024).

use std::collections::HashMap;
use std::hash::Hash;

/// Measures between 0 and 1, except for `ari`, which is below 0 where chance does better.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Scores {
    pub(crate) records: usize,
    /// Groups of the truth.
    pub(crate) labels: usize,
    /// Groups that were made.
    pub(crate) groups: usize,
    /// Share of the pairs put together that belong together; 1 where none was put together.
    pub(crate) pairwise_precision: f64,
    /// Share of the pairs that belong together that were put together; 1 where none belongs together.
    pub(crate) pairwise_recall: f64,
    pub(crate) pairwise_f1: f64,
    pub(crate) bcubed_precision: f64,
    pub(crate) bcubed_recall: f64,
    pub(crate) bcubed_f1: f64,
    pub(crate) ari: f64,
    pub(crate) homogeneity: f64,
    pub(crate) completeness: f64,
    pub(crate) v_measure: f64,
    /// Share of the records whose group holds exactly the records of their label.
    pub(crate) ga: f64,
    /// Harmonic mean of the shares of groups and of labels that match exactly.
    pub(crate) fga: f64,
}

fn f1(precision: f64, recall: f64) -> f64 {
    if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}

fn pairs(count: usize) -> f64 {
    count as f64 * (count as f64 - 1.0) / 2.0
}

fn count<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> HashMap<K, usize> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

fn ratio(part: f64, whole: f64, empty: f64) -> f64 {
    if whole > 0.0 { part / whole } else { empty }
}

/// Scores records, each given as its true label and the group it was put in. No records give zeros.
#[must_use]
pub(crate) fn score<L: Copy + Eq + Hash, G: Copy + Eq + Hash>(records: &[(L, G)]) -> Scores {
    let n = records.len();
    if n == 0 {
        return Scores::default();
    }
    let truth = count(records.iter().map(|(label, _)| *label));
    let made = count(records.iter().map(|(_, group)| *group));
    let joint = count(records.iter().copied());
    let total = n as f64;

    let together: f64 = joint.values().map(|c| pairs(*c)).sum();
    let put: f64 = made.values().map(|c| pairs(*c)).sum();
    let belong: f64 = truth.values().map(|c| pairs(*c)).sum();
    let (pairwise_precision, pairwise_recall) = (ratio(together, put, 1.0), ratio(together, belong, 1.0));

    let bcubed = |size: &dyn Fn(&L, &G) -> usize| -> f64 {
        joint.iter().map(|((label, group), c)| (c * c) as f64 / size(label, group) as f64).sum::<f64>()
            / total
    };
    let (bcubed_precision, bcubed_recall) =
        (bcubed(&|_, group| made[group]), bcubed(&|label, _| truth[label]));

    let expected = ratio(put * belong, pairs(n), 0.0);
    let best = f64::midpoint(put, belong);
    let ari = if best == expected { 1.0 } else { (together - expected) / (best - expected) };

    let entropy = |counts: &mut dyn Iterator<Item = usize>| -> f64 {
        counts.map(|c| c as f64 / total).map(|p| -p * p.ln()).sum()
    };
    let conditional = |size: &dyn Fn(&L, &G) -> usize| -> f64 {
        let part = |((label, group), c): (&(L, G), &usize)| {
            -(*c as f64 / total) * (*c as f64 / size(label, group) as f64).ln()
        };
        joint.iter().map(part).sum()
    };
    let (of_truth, of_made) = (entropy(&mut truth.values().copied()), entropy(&mut made.values().copied()));
    let homogeneity = 1.0 - ratio(conditional(&|_, group| made[group]), of_truth, 0.0);
    let completeness = 1.0 - ratio(conditional(&|label, _| truth[label]), of_made, 0.0);

    let exact: Vec<usize> = joint
        .iter()
        .filter(|((label, group), c)| **c == truth[label] && **c == made[group])
        .map(|(_, c)| *c)
        .collect();
    let matched = exact.len() as f64;
    Scores {
        records: n,
        labels: truth.len(),
        groups: made.len(),
        pairwise_precision,
        pairwise_recall,
        pairwise_f1: f1(pairwise_precision, pairwise_recall),
        bcubed_precision,
        bcubed_recall,
        bcubed_f1: f1(bcubed_precision, bcubed_recall),
        ari,
        homogeneity,
        completeness,
        v_measure: f1(homogeneity, completeness),
        ga: exact.iter().sum::<usize>() as f64 / total,
        fga: f1(matched / made.len() as f64, matched / truth.len() as f64),
    }
}
