//! A small value for each of many entries, by index in their manifest: lists are long, and a map takes several times as much.

/// Values of entries, as far as they have one. It takes up as many slots as the highest index that came.
#[derive(Clone, Debug)]
pub struct ByIndex<T> {
    slots: Vec<Option<T>>,
    /// Slots that hold something.
    count: usize,
}

impl<T: Copy> ByIndex<T> {
    /// What the entry has from now on; its value before. Whoever gives an index has compared it with a manifest.
    pub fn insert(&mut self, index: u32, value: T) -> Option<T> {
        let at = index as usize;
        if at >= self.slots.len() {
            self.slots.resize(at + 1, None);
        }
        let before = self.slots.get_mut(at).and_then(|slot| slot.replace(value));
        self.count += usize::from(before.is_none());
        before
    }

    pub fn remove(&mut self, index: u32) -> Option<T> {
        let before = self.slots.get_mut(index as usize)?.take();
        self.count -= usize::from(before.is_some());
        before
    }

    pub fn get(&self, index: u32) -> Option<T> {
        self.slots.get(index as usize).copied().flatten()
    }

    /// Entries that have a value.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All values, by index.
    pub fn iter(&self) -> impl Iterator<Item = (u32, T)> {
        (0..).zip(&self.slots).filter_map(|(index, slot)| Some((index, (*slot)?)))
    }

    /// Forgets the values that `keep` is false for.
    pub fn retain(&mut self, keep: impl Fn(u32, T) -> bool) {
        for (index, slot) in (0..).zip(&mut self.slots) {
            if slot.take_if(|value| !keep(index, *value)).is_some() {
                self.count -= 1;
            }
        }
    }
}

impl<T> Default for ByIndex<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), count: 0 }
    }
}

impl<T: Copy> FromIterator<(u32, T)> for ByIndex<T> {
    fn from_iter<I: IntoIterator<Item = (u32, T)>>(values: I) -> Self {
        let mut all = Self::default();
        for (index, value) in values {
            all.insert(index, value);
        }
        all
    }
}

impl<T: Copy + PartialEq> PartialEq for ByIndex<T> {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.iter().eq(other.iter())
    }
}

impl<T: Copy + Eq> Eq for ByIndex<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::seal::Md5Digest;

    #[test]
    fn it_holds_what_a_map_would() {
        let mut values: ByIndex<u8> = [(3, 30), (0, 1), (3, 31)].into_iter().collect();
        assert_eq!((values.len(), values.get(3), values.get(1), values.get(9)), (2, Some(31), None, None));
        assert_eq!(values.iter().collect::<Vec<_>>(), [(0, 1), (3, 31)]);
        assert_eq!((values.remove(3), values.remove(3), values.remove(9)), (Some(31), None, None));
        assert_eq!(values, [(0, 1)].into_iter().collect(), "slots that are empty do not count");
        assert_eq!((values.insert(2, 7), values.insert(2, 8)), (None, Some(7)));
        values.retain(|index, value| index == 0 || value != 8);
        assert_eq!((values.len(), values.is_empty(), values.get(2)), (1, false, None));
    }

    #[test]
    fn a_seal_takes_one_byte_more_than_its_sixteen() {
        assert_eq!(size_of::<Option<Md5Digest>>(), 17);
        assert_eq!(size_of::<Option<Option<Md5Digest>>>(), 17, "nor does it whether there is one");
    }
}
