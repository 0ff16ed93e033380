//! The same bits on every machine, and estimates as good as those of ideal MinHash.

use super::*;
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

fn shingle(number: u32) -> u64 {
    xxh3_64(&number.to_le_bytes())
}

fn set(range: std::ops::Range<u32>) -> Vec<u64> {
    let mut set: Vec<u64> = range.map(shingle).collect();
    set.sort_unstable();
    set
}

/// The definition once more, one lane at a time in wide unsigned arithmetic: shares nothing with the fast path
/// but the constants.
fn twin(shingles: &[u64]) -> Vec<i16> {
    (0..MINIMA)
        .map(|lane| {
            let factor = |half: usize| u64::from(FACTORS[half][lane] as u16);
            let value = |s: &u64| ((s & 0xffff) * factor(0) + (s >> 16 & 0xffff) * factor(1)) % 65_536;
            let signed = |value: u64| if value < 32_768 { value as i32 } else { value as i32 - 65_536 };
            shingles.iter().map(|s| signed(value(s))).min().map_or(i16::MAX, |least| least as i16)
        })
        .collect()
}

/// The bits are stored for ever, so they must never change.
#[test]
fn bits_are_pinned() {
    let minima = Minima::of(&set(0..40));
    let bands = minima.bands();
    assert_eq!(
        format!(
            "{} {} {:?} {:016x} {:016x}",
            minima.signature(),
            Minima::of(&[]).signature(),
            &minima.0[..4],
            bands[0],
            bands[BANDS - 1]
        ),
        "27e01087360dcefc18165ce140a187b8 beb90f1138f17e7f19503f53d26e9d60 \
         [-31513, -30204, -31178, -31655] 9be9ad2e770f6c82 65772729b359ce70"
    );
}

proptest! {
    #[test]
    fn every_vector_unit_gives_the_twins_bits(shingles in prop::collection::vec(any::<u64>(), 0..300)) {
        let expected = twin(&shingles);
        prop_assert_eq!(&Minima::of(&shingles).0[..], &expected[..]);
        for level in levels() {
            let mut minima = [i16::MAX; MINIMA];
            dispatch!(level, _simd => lower(&mut minima, &shingles));
            prop_assert_eq!(&minima[..], &expected[..], "{:?}", level);
        }
    }
}

/// What this machine can run: its own level and all below.
fn levels() -> Vec<Level> {
    let level = Level::new();
    let mut levels = vec![level, Level::baseline()];
    #[cfg(target_arch = "x86_64")]
    levels.extend(
        [
            level.as_sse2().map(Level::Sse2),
            level.as_sse4_2().map(Level::Sse4_2),
            level.as_avx2().map(Level::Avx2),
            level.as_avx512().map(Level::Avx512),
        ]
        .into_iter()
        .flatten(),
    );
    levels
}

/// Mean and variance of (distance - expected) / deviation, and the greatest of its absolute values, over many
/// pairs of sets of `size` shingles of which `shared` are common: 0, 1 and under 6 for ideal MinHash. The
/// second pair of numbers is the same of the wide minima.
fn deviations(size: u32, shared: u32, pairs: u32) -> [f64; 5] {
    let jaccard = f64::from(shared) / f64::from(2 * size - shared);
    let p = (1.0 - jaccard) / 2.0;
    let lanes = MINIMA as f64;
    let (mut bits, mut wide, mut worst) = ([0.0; 2], [0.0; 2], 0.0_f64);
    for pair in 0..pairs {
        let first = pair * 2 * size;
        let left = Minima::of(&set(first..first + size));
        let right = Minima::of(&set(first + size - shared..first + 2 * size - shared));
        let distance = f64::from(left.signature().hamming(right.signature()));
        let z = (distance - lanes * p) / (lanes * p * (1.0 - p)).sqrt();
        let equal = left.0.iter().zip(&right.0).filter(|(a, b)| a == b).count() as f64;
        let w = (equal - lanes * jaccard) / (lanes * jaccard * (1.0 - jaccard)).sqrt().max(1.0);
        bits = [bits[0] + z, bits[1] + z * z];
        wide = [wide[0] + w, wide[1] + w * w];
        worst = worst.max(z.abs());
    }
    let n = f64::from(pairs);
    let mean_variance = |[sum, squares]: [f64; 2]| [sum / n, squares / n - (sum / n).powi(2)];
    let ([mean, variance], [mean_wide, variance_wide]) = (mean_variance(bits), mean_variance(wide));
    [mean, variance, worst, mean_wide, variance_wide]
}

/// Theory: of 128 bits, each differs with probability (1 - J) / 2, independently of the others.
#[test]
fn estimates_are_those_of_ideal_minhash() {
    for (size, shared) in [
        (1, 0),
        (2, 1),
        (3, 0),
        (3, 1),
        (3, 2),
        (4, 3),
        (5, 3),
        (6, 5),
        (8, 4),
        (10, 0),
        (10, 5),
        (10, 8),
        (10, 9),
        (40, 20),
        (40, 36),
        (150, 100),
    ] {
        let pairs = if size > 20 { 1_000 } else { 6_000 };
        let [mean, variance, worst, mean_wide, variance_wide] = deviations(size, shared, pairs);
        let error = 1.0 / f64::from(pairs).sqrt();
        let name = format!(
            "{shared} of {size}: {mean:.3} {variance:.3} {worst:.1} {mean_wide:.3} {variance_wide:.3}"
        );
        assert!(mean.abs() < 4.0 * error, "biased, {name}");
        assert!((variance - 1.0).abs() < 6.0 * error, "lanes depend on each other, {name}");
        assert!(worst < 6.5, "{name}");
        if shared > 0 {
            // Unlike shingles share one of 65,536 values now and then.
            assert!(mean_wide.abs() < 5.0 * error + f64::from(size) / 1_000.0, "{name}");
            assert!((variance_wide - 1.0).abs() < 6.0 * error, "{name}");
        }
    }
}

#[test]
fn hamming_distance_estimates_jaccard() {
    for (overlap, jaccard_true) in [(0, 0.0), (100, 1.0 / 3.0), (150, 0.6), (180, 180.0 / 220.0), (200, 1.0)]
    {
        let (left, right) = (set(0..200), set(200 - overlap..400 - overlap));
        assert!((jaccard(&left, &right) - jaccard_true).abs() < 1e-9);
        let distance = Minima::of(&left).signature().hamming(Minima::of(&right).signature());
        let estimate = 1.0 - 2.0 * f64::from(distance) / MINIMA as f64;
        assert!((estimate - jaccard_true).abs() < 0.2, "{overlap}: {estimate} for {jaccard_true}");
    }
}

#[test]
fn bands_meet_for_near_sets_and_not_for_far_ones() {
    let shared = |overlap: u32| {
        let (left, right) =
            (Minima::of(&set(0..200)).bands(), Minima::of(&set(200 - overlap..400 - overlap)).bands());
        left.iter().zip(&right).filter(|(a, b)| a == b).count()
    };
    assert_eq!(shared(200), BANDS);
    assert!(shared(190) > 0);
    assert_eq!(shared(0), 0);
}

/// 1 - (1 - J^6)^21 of the pairs meet in a band; of unlike sets, next to none.
#[test]
fn bands_find_what_theory_says() {
    let met = |size: u32, shared: u32, pairs: u32| {
        let met = (0..pairs).filter(|pair| {
            let first = pair * 2 * size;
            let left = Minima::of(&set(first..first + size)).bands();
            let right = Minima::of(&set(first + size - shared..first + 2 * size - shared)).bands();
            left.iter().zip(&right).any(|(a, b)| a == b)
        });
        met.count() as f64 / f64::from(pairs)
    };
    for (size, shared) in [(12, 9), (20, 16), (60, 50), (9, 8)] {
        let jaccard = f64::from(shared) / f64::from(2 * size - shared);
        let expected = 1.0 - (1.0 - jaccard.powi(ROWS as i32)).powi(BANDS as i32);
        let found = met(size, shared, 2_000);
        assert!((found - expected).abs() < 0.05, "{found} for {expected} at {jaccard}");
    }
    assert!(met(1_000, 0, 500) == 0.0);
}
