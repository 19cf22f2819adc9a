//! A hash table in shared memory: fixed capacity, partitioned by locks.
//!
//! ```text
//! hash ──► partition (a lock each) ──► bucket ──► entry ──► entry
//!                                   free entries: a lock-free stack per partition; an empty one takes from the others
//! ```
//!
//! A partition's lock protects its buckets and their entries; free entries belong to nobody. Buckets are as many as
//! entries (to a power of two), so chains are short. All entries can be in one partition if the keys want it so: the table
//! is full only when every entry is in use.
//!
//! A look-up takes a partition's lock and keeps it as long as the guard lives, so that the caller can pin what it found
//! before it lets go.

use std::cell::UnsafeCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::lock::{LwExclusive, LwLock, LwShared, Rank};
use crate::{Layout, Many, Segment, Shared, ShmSlice};

/// A key's hash: finds its partition and bucket. The same in every process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHash(u64);

/// The table has no free entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

struct Entry<K, V> {
    /// The next entry of the bucket, or of the free stack: its index and one more.
    next: AtomicU32,
    key: UnsafeCell<K>,
    value: UnsafeCell<V>,
}

// SAFETY: zero-valid parts without pointers.
unsafe impl<K: Shared, V: Shared> Shared for Entry<K, V> {}
// SAFETY: key and value are reached under the partition's lock only, or by the one process that took the entry from a
// free stack.
unsafe impl<K: Shared, V: Shared> Sync for Entry<K, V> {}

/// A partition: lock and free entries, on a cache line of its own.
#[repr(align(64))]
struct Partition {
    lock: LwLock,
    /// The top of the stack of free entries (index and one more), and above it a counter against ABA.
    free: AtomicU64,
}

// SAFETY: zero is a free lock and an empty stack.
unsafe impl Shared for Partition {}

/// A promise of a map in the segment.
pub struct SharedMapRequest<K, V> {
    partitions: Many<Partition>,
    buckets: Many<AtomicU32>,
    entries: Many<Entry<K, V>>,
}

impl<K, V> Clone for SharedMapRequest<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K, V> Copy for SharedMapRequest<K, V> {}

impl<K, V> fmt::Debug for SharedMapRequest<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)
    }
}

/// A hash table in shared memory.
pub struct SharedMap<K: 'static, V: 'static> {
    partitions: ShmSlice<Partition>,
    buckets: ShmSlice<AtomicU32>,
    entries: ShmSlice<Entry<K, V>>,
}

impl<K, V> Clone for SharedMap<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K, V> Copy for SharedMap<K, V> {}

impl<K, V> fmt::Debug for SharedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedMap of {} entries in {} partitions", self.entries.len(), self.partitions.len())
    }
}

impl<K: Shared + Copy + Eq + Hash, V: Shared> SharedMap<K, V> {
    /// Asks for a map of `capacity` entries in `partitions` (rounded up to a power of two) partitions.
    pub fn layout(
        layout: &mut Layout,
        name: &'static str,
        capacity: usize,
        partitions: usize,
    ) -> SharedMapRequest<K, V> {
        let partitions = partitions.clamp(1, 1 << 16).next_power_of_two();
        // Indices are 32 bits wide; a larger table would not fit any machine's memory anyway.
        let capacity = capacity.clamp(1, 1 << 31);
        let buckets = capacity.next_power_of_two().max(partitions);
        SharedMapRequest {
            partitions: layout.many(name, partitions),
            buckets: layout.many(name, buckets),
            entries: layout.many(name, capacity),
        }
    }

    /// Sets the map up: all entries free. To be called once for a segment.
    pub fn attach(segment: &Segment, request: SharedMapRequest<K, V>, rank: Rank) -> SharedMap<K, V> {
        let map = SharedMap {
            partitions: segment.many(request.partitions),
            buckets: segment.many(request.buckets),
            entries: segment.many(request.entries),
        };
        map.partitions.iter().for_each(|partition| partition.lock.set_rank(rank));
        let step = map.entries.len().div_ceil(map.partitions.len());
        for index in (0..map.entries.len()).rev() {
            map.push_free(index / step, index as u32);
        }
        map
    }

    /// The hash of a key.
    #[inline]
    pub fn hash(&self, key: &K) -> KeyHash {
        let mut hasher = Mixer(0);
        key.hash(&mut hasher);
        KeyHash(hasher.finish())
    }

    /// How many entries there can be.
    pub fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// How many partitions there are.
    pub fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// The number of the partition that keys of this hash are in.
    pub fn partition_of(&self, hash: KeyHash) -> usize {
        hash.0 as usize & (self.partitions.len() - 1)
    }

    /// Locks the partition of `hash` for looking up.
    #[inline]
    pub fn share(&self, hash: KeyHash) -> MapRef<K, V> {
        self.share_partition(self.partition_of(hash))
    }

    /// Locks the partition of `hash` for changes.
    #[inline]
    pub fn exclusive(&self, hash: KeyHash) -> MapMut<K, V> {
        self.exclusive_partition(self.partition_of(hash))
    }

    /// Locks partition `n` for looking up.
    pub fn share_partition(&self, n: usize) -> MapRef<K, V> {
        MapRef { view: View { map: *self, partition: n }, _lock: self.partitions.get_all()[n].lock.share() }
    }

    /// Locks partition `n` for changes.
    pub fn exclusive_partition(&self, n: usize) -> MapMut<K, V> {
        MapMut { view: View { map: *self, partition: n }, _lock: self.partitions.get_all()[n].lock.exclusive() }
    }

    /// Calls `f` with every entry, one partition after the other: not one moment's picture of the whole.
    pub fn for_each(&self, mut f: impl FnMut(&K, &V)) {
        for n in 0..self.partitions.len() {
            self.share_partition(n).iter().for_each(|(key, value)| f(key, value));
        }
    }

    fn bucket(&self, hash: KeyHash) -> &'static AtomicU32 {
        let buckets = self.buckets.get_all();
        &buckets[hash.0 as usize & (buckets.len() - 1)]
    }

    fn push_free(&self, partition: usize, index: u32) {
        let stack = &self.partitions[partition].free;
        let mut top = stack.load(Ordering::Relaxed);
        loop {
            self.entries[index as usize].next.store(top as u32, Ordering::Relaxed);
            let new = (top >> 32).wrapping_add(1) << 32 | (index as u64 + 1);
            match stack.compare_exchange_weak(top, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }

    fn pop_free(&self, partition: usize) -> Option<u32> {
        let count = self.partitions.len();
        (0..count).find_map(|n| self.pop_free_of((partition + n) & (count - 1)))
    }

    fn pop_free_of(&self, partition: usize) -> Option<u32> {
        let stack = &self.partitions[partition].free;
        let mut top = stack.load(Ordering::Acquire);
        loop {
            let index = (top as u32).checked_sub(1)?;
            // If somebody else takes the entry now, the link read here may be nonsense; then the counter has changed and
            // the exchange fails.
            let next = self.entries[index as usize].next.load(Ordering::Relaxed);
            let new = (top >> 32).wrapping_add(1) << 32 | next as u64;
            match stack.compare_exchange_weak(top, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(index),
                Err(now) => top = now,
            }
        }
    }
}

/// A locked partition's contents; the guards give them out. Private, because it does not hold the lock itself.
struct View<K: 'static, V: 'static> {
    map: SharedMap<K, V>,
    partition: usize,
}

impl<K: Shared + Copy + Eq + Hash, V: Shared> View<K, V> {
    /// The entry of `key`, and the link that leads to it.
    fn find(&self, hash: KeyHash, key: &K) -> Option<(&'static Entry<K, V>, &'static AtomicU32)> {
        assert_eq!(self.map.partition_of(hash), self.partition, "the key is of another partition");
        let mut link = self.map.bucket(hash);
        loop {
            let index = link.load(Ordering::Relaxed).checked_sub(1)?;
            let entry = &self.map.entries.get_all()[index as usize];
            // SAFETY: the entry is in a bucket of the partition that our guard has locked, so its key does not change.
            if unsafe { *entry.key.get() == *key } {
                return Some((entry, link));
            }
            link = &entry.next;
        }
    }

    /// The entries of the partition.
    fn entries(&self) -> impl Iterator<Item = &'static Entry<K, V>> + use<K, V> {
        let (entries, buckets) = (self.map.entries.get_all(), self.map.buckets.get_all());
        buckets.iter().skip(self.partition).step_by(self.map.partitions.len()).flat_map(move |bucket| {
            let at =
                |link: &AtomicU32| link.load(Ordering::Relaxed).checked_sub(1).map(|index| &entries[index as usize]);
            std::iter::successors(at(bucket), move |entry| at(&entry.next))
        })
    }
}

/// A partition locked for looking up.
pub struct MapRef<K: 'static, V: 'static> {
    view: View<K, V>,
    _lock: LwShared<'static>,
}

/// A partition locked for changes.
pub struct MapMut<K: 'static, V: 'static> {
    view: View<K, V>,
    _lock: LwExclusive<'static>,
}

impl<K: Shared + Copy + Eq + Hash, V: Shared> MapRef<K, V> {
    /// The value of `key`.
    #[inline]
    pub fn get(&self, hash: KeyHash, key: &K) -> Option<&V> {
        let (entry, _) = self.view.find(hash, key)?;
        // SAFETY: the partition is locked in shared mode as long as `self` lives, so the value does not change.
        Some(unsafe { &*entry.value.get() })
    }

    /// All entries of the partition.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        // SAFETY: as for `get`.
        self.view.entries().map(|entry| unsafe { (&*entry.key.get(), &*entry.value.get()) })
    }
}

impl<K: Shared + Copy + Eq + Hash, V: Shared> MapMut<K, V> {
    /// The value of `key`.
    pub fn get(&self, hash: KeyHash, key: &K) -> Option<&V> {
        let (entry, _) = self.view.find(hash, key)?;
        // SAFETY: the partition is locked exclusively by `self`, which is borrowed.
        Some(unsafe { &*entry.value.get() })
    }

    /// The value of `key`, to change.
    pub fn get_mut(&mut self, hash: KeyHash, key: &K) -> Option<&mut V> {
        let (entry, _) = self.view.find(hash, key)?;
        // SAFETY: the partition is locked exclusively by `self`, which is borrowed mutably.
        Some(unsafe { &mut *entry.value.get() })
    }

    /// The value of `key`, inserted with `make` if it is not there; true if it was inserted.
    ///
    /// # Errors
    ///
    /// The table is full.
    pub fn get_or_insert_with(
        &mut self,
        hash: KeyHash,
        key: K,
        make: impl FnOnce() -> V,
    ) -> Result<(&mut V, bool), Full> {
        if let Some((entry, _)) = self.view.find(hash, &key) {
            // SAFETY: the partition is locked exclusively by `self`, which is borrowed mutably.
            return Ok((unsafe { &mut *entry.value.get() }, false));
        }
        let map = self.view.map;
        let value = make();
        let index = map.pop_free(self.view.partition).ok_or(Full)?;
        let entry = &map.entries.get_all()[index as usize];
        // SAFETY: the entry came from a free stack, so it is ours alone; nothing needs dropping.
        unsafe {
            entry.key.get().write(key);
            entry.value.get().write(value);
        }
        let bucket = map.bucket(hash);
        entry.next.store(bucket.load(Ordering::Relaxed), Ordering::Relaxed);
        bucket.store(index + 1, Ordering::Relaxed);
        // SAFETY: the partition is locked exclusively by `self`, which is borrowed mutably.
        Ok((unsafe { &mut *entry.value.get() }, true))
    }

    /// Inserts or replaces the value of `key`.
    ///
    /// # Errors
    ///
    /// The table is full.
    pub fn insert(&mut self, hash: KeyHash, key: K, value: V) -> Result<(), Full> {
        let mut value = Some(value);
        let (place, inserted) = self.get_or_insert_with(hash, key, || value.take().expect("called once"))?;
        if !inserted && let Some(value) = value {
            *place = value;
        }
        Ok(())
    }

    /// Removes `key` and gives its value.
    pub fn remove(&mut self, hash: KeyHash, key: &K) -> Option<V> {
        let (entry, link) = self.view.find(hash, key)?;
        let index = link.load(Ordering::Relaxed) - 1;
        // SAFETY: the partition is locked exclusively; the value is moved out, and the entry leaves the bucket.
        let value = unsafe { entry.value.get().read() };
        link.store(entry.next.load(Ordering::Relaxed), Ordering::Relaxed);
        self.view.map.push_free(self.view.partition, index);
        Some(value)
    }

    /// All entries of the partition.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        // SAFETY: as for `get`.
        self.view.entries().map(|entry| unsafe { (&*entry.key.get(), &*entry.value.get()) })
    }
}

/// Mixes words by multiplication: fast, good enough for keys that no adversary chooses, and the same in every process.
struct Mixer(u64);

impl Mixer {
    fn add(&mut self, word: u64) {
        let product = (self.0 ^ word ^ 0xA076_1D64_78BD_642F) as u128 * 0x9E37_79B9_7F4A_7C15_u128;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_ne_bytes(word));
        }
        self.add(bytes.len() as u64);
    }
    fn write_u8(&mut self, n: u8) {
        self.add(n as u64 + 1);
    }
    fn write_u16(&mut self, n: u16) {
        self.add(n as u64 + 1);
    }
    fn write_u32(&mut self, n: u32) {
        self.add(n as u64 + 1);
    }
    fn write_u64(&mut self, n: u64) {
        self.add(n.wrapping_add(0x1234_5678_9ABC_DEF1));
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ self.0 >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        mixed ^ mixed >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn map<V: Shared>(capacity: usize, partitions: usize) -> SharedMap<u64, V> {
        let mut layout = Layout::new();
        let request = SharedMap::layout(&mut layout, "test", capacity, partitions);
        SharedMap::attach(&layout.map().unwrap(), request, Rank::NONE)
    }

    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        *state >> 33
    }

    #[test]
    fn behaves_like_a_hash_map_until_full() {
        let (map, mut model, mut seed) = (map::<u64>(100, 8), HashMap::new(), 7);
        for step in 0..50_000u64 {
            let key = random(&mut seed) % 200;
            let hash = map.hash(&key);
            match random(&mut seed) % 3 {
                0 => assert_eq!(map.exclusive(hash).remove(hash, &key), model.remove(&key)),
                1 => match map.exclusive(hash).insert(hash, key, step) {
                    Ok(()) => {
                        model.insert(key, step);
                        assert!(model.len() <= 100);
                    }
                    Err(Full) => assert!(model.len() == 100 && !model.contains_key(&key)),
                },
                _ => assert_eq!(map.share(hash).get(hash, &key), model.get(&key)),
            }
        }
        let mut all = HashMap::new();
        map.for_each(|k, v| assert!(all.insert(*k, *v).is_none()));
        assert_eq!(all, model);
    }

    #[test]
    fn threads_and_processes_lose_no_entry() {
        // Each worker owns the keys that leave its rest; the free entries move between partitions all the time.
        let map = map::<u64>(400, 16);
        let work = move |me: u64| {
            let mut seed = me + 1;
            let mut own = HashMap::new();
            for step in 0..20_000 {
                let key = random(&mut seed) % 100 * 4 + me;
                let hash = map.hash(&key);
                if random(&mut seed).is_multiple_of(2) {
                    assert_eq!(map.exclusive(hash).remove(hash, &key), own.remove(&key));
                } else {
                    map.exclusive(hash).insert(hash, key, step).unwrap();
                    own.insert(key, step);
                    assert_eq!(map.share(hash).get(hash, &key), Some(&step));
                }
            }
            own
        };
        let children: Vec<i32> = (2..4).map(|me| sys::fork(move || (work(me).is_empty()) as i32).unwrap()).collect();
        let owned: Vec<HashMap<u64, u64>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..2).map(|me| scope.spawn(move || work(me))).collect();
            workers.into_iter().map(|w| w.join().unwrap()).collect()
        });
        for child in children {
            assert_eq!(sys::process::wait(child).unwrap(), sys::Exit::Code(0));
        }
        for (me, own) in owned.iter().enumerate() {
            let mut found = HashMap::new();
            map.for_each(|k, v| {
                if *k as usize % 4 == me {
                    found.insert(*k, *v);
                }
            });
            assert_eq!(&found, own);
        }
    }

    #[test]
    fn hashes_spread() {
        let map = map::<u32>(1 << 14, 128);
        let mut counts = vec![0; 128];
        for key in 0..128 * 100u64 {
            counts[map.partition_of(map.hash(&key))] += 1;
        }
        assert!(counts.iter().all(|n| (50..160).contains(n)), "{counts:?}");
    }
}
