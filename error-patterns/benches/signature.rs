//! Cost of a signature and of its bands, by the number of shingles.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use error_patterns::signature::Minima;
use std::hint::black_box;
use xxhash_rust::xxh3::xxh3_64;

fn minima(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("minima");
    for shingles in [10_u64, 60, 400] {
        let set: Vec<u64> = (0..shingles).map(|n| xxh3_64(&n.to_le_bytes())).collect();
        group.throughput(Throughput::Elements(shingles));
        group.bench_function(BenchmarkId::from_parameter(shingles), |bench| {
            bench.iter(|| Minima::of(black_box(&set)));
        });
    }
    group.finish();
    let minima = Minima::of(&(0..60_u64).map(|n| xxh3_64(&n.to_le_bytes())).collect::<Vec<_>>());
    criterion.bench_function("signature of minima", |bench| bench.iter(|| black_box(&minima).signature()));
    criterion.bench_function("bands of minima", |bench| bench.iter(|| black_box(&minima).bands()));
}

criterion_group!(benches, minima);
criterion_main!(benches);
