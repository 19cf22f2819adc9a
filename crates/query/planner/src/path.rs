//! Ways to compute something, before one is chosen: what each costs, and which of several are worth keeping.

use std::cmp::Ordering;
use std::rc::Rc;

use analyzer::query::Expr;
use ids::Oid;

use crate::bitmap::BitmapTree;
use crate::cost::Work;
use crate::join::JoinPath;
use crate::level::PathKey;
use crate::prepare::Relids;
use crate::scan::IndexAccess;

/// A set of units, by their numbers: as many as there can be relations.
pub(crate) type Units = u128;

/// A way to compute something, not yet a node.
#[derive(Clone)]
pub(crate) struct Path {
    pub kind: PathKind,
    /// The units it reads.
    pub units: Units,
    /// Relations whose columns it needs as slots.
    pub requires: Relids,
    pub rows: f64,
    pub startup: f64,
    pub total: f64,
    /// How many of its nodes are of a kind that is switched off.
    pub disabled: u32,
    /// How its rows are sorted, in representatives of classes of equal expressions.
    pub order: Rc<Vec<PathKey>>,
}

#[derive(Clone)]
pub(crate) enum PathKind {
    Built(usize),
    Seq(usize),
    Index {
        unit: usize,
        access: Box<IndexAccess>,
    },
    Bitmap {
        unit: usize,
        tree: Rc<BitmapTree>,
    },
    Tid {
        unit: usize,
        tids: Vec<Expr>,
        condition: Expr,
    },
    /// The pages between physical addresses.
    TidRange {
        unit: usize,
        conditions: Vec<Expr>,
    },
    Cursor(usize),
    Append(Box<AppendPath>),
    Join(Box<JoinPath>),
    /// A sort by the path's order; so many keys are in order already.
    Sort {
        input: Rc<Path>,
        presorted: usize,
    },
    Material(Rc<Path>),
    /// Rows kept for each combination of values; `single`: one row at most for each.
    Memoize {
        input: Rc<Path>,
        keys: Vec<(Expr, Oid, Oid)>,
        single: bool,
        binary: bool,
    },
    /// Each combination of these values once; by hashing, or of rows sorted by them.
    Distinct {
        input: Rc<Path>,
        exprs: Vec<(Expr, Oid)>,
        hashed: bool,
    },
}

/// The members of a tree, each by its own way.
#[derive(Clone)]
pub(crate) struct AppendPath {
    pub unit: usize,
    /// By the members' places.
    pub members: Vec<Rc<Path>>,
    /// Conditions with other relations that all of them check themselves.
    pub enforced: Vec<Expr>,
    /// They are all in the path's order, and are merged by it.
    pub merged: bool,
    /// They are read from the last one to the first.
    pub reversed: bool,
}

impl Path {
    pub fn work(&self) -> Work {
        Work::new(self.startup, self.total)
    }

    /// What a fraction of the rows costs (a count of rows, if above one).
    pub fn fractional(&self, fraction: f64) -> f64 {
        if fraction <= 0.0 {
            return self.total;
        }
        let part = if fraction > 1.0 { (fraction / self.rows.max(1.0)).min(1.0) } else { fraction };
        self.startup + part * (self.total - self.startup)
    }

    /// The cheaper of two, by all of their rows.
    pub fn by_total(&self, other: &Path) -> Ordering {
        let (a, b) = (self.disabled, other.disabled);
        a.cmp(&b).then(self.total.total_cmp(&other.total)).then(self.startup.total_cmp(&other.startup))
    }
}

/// The cheapest of those without needs from outside.
pub(crate) fn cheapest(paths: &[Rc<Path>]) -> Option<&Rc<Path>> {
    paths.iter().filter(|path| path.requires == 0).min_by(|a, b| a.by_total(b))
}

/// Whether rows in this order are in the wanted one.
pub(crate) fn is_sorted(order: &[PathKey], wanted: &[PathKey]) -> bool {
    wanted.len() <= order.len() && wanted.iter().zip(order).all(|(w, o)| same_key(w, o))
}

/// How many of the wanted keys an order begins with.
pub(crate) fn common_keys(order: &[PathKey], wanted: &[PathKey]) -> usize {
    wanted.iter().zip(order).take_while(|(w, o)| same_key(w, o)).count()
}

pub(crate) fn same_key(a: &PathKey, b: &PathKey) -> bool {
    a.descending == b.descending && a.nulls_first == b.nulls_first && same_value(&a.expr, &b.expr)
}

/// Whether two expressions sort alike: the same value in the same collation.
pub(crate) fn same_value(a: &Expr, b: &Expr) -> bool {
    a.ty.collation == b.ty.collation && crate::scan::stripped(a) == crate::scan::stripped(b)
}

/// Costs that differ by less than this count as equal.
const FUZZ: f64 = 1.01;

/// How two costs compare: the first is better, worse, the same; or each is better in something.
#[derive(PartialEq, Eq)]
enum Compared {
    Better,
    Worse,
    Same,
    Different,
}

fn compare_costs(a: &Path, b: &Path, fuzz: f64) -> Compared {
    match a.disabled.cmp(&b.disabled) {
        Ordering::Less => return Compared::Better,
        Ordering::Greater => return Compared::Worse,
        Ordering::Equal => {}
    }
    if a.total > b.total * fuzz {
        return if b.startup > a.startup * fuzz { Compared::Different } else { Compared::Worse };
    }
    if b.total > a.total * fuzz {
        return if a.startup > b.startup * fuzz { Compared::Different } else { Compared::Better };
    }
    if a.startup > b.startup * fuzz {
        Compared::Worse
    } else if b.startup > a.startup * fuzz {
        Compared::Better
    } else {
        Compared::Same
    }
}

/// Adds a path to those kept, unless one of them is as good in every respect; drops those that it beats. Respects are: what is switched off,
/// cost of all rows and of the first, order, needs from outside, and rows.
pub(crate) fn add_path(paths: &mut Vec<Rc<Path>>, new: Path) {
    let mut keep = true;
    let mut insert_at = paths.len();
    let mut at = 0;
    while at < paths.len() {
        let old = &paths[at];
        let mut drop_old = false;
        let costs = compare_costs(&new, old, FUZZ);
        if costs != Compared::Different {
            let new_covers = is_sorted(&new.order, &old.order);
            let old_covers = is_sorted(&old.order, &new.order);
            let new_needs_less = new.requires & !old.requires == 0;
            let old_needs_less = old.requires & !new.requires == 0;
            match costs {
                Compared::Better => {
                    drop_old = new_covers && new_needs_less && new.rows <= old.rows;
                }
                Compared::Worse => {
                    keep &= !(old_covers && old_needs_less && old.rows <= new.rows);
                }
                _ => {
                    if new_covers && old_covers && new_needs_less && old_needs_less {
                        if new.rows < old.rows {
                            drop_old = true;
                        } else if new.rows > old.rows {
                            keep = false;
                        } else if compare_costs(&new, old, 1.000_000_000_1) == Compared::Better {
                            drop_old = true;
                        } else {
                            keep = false;
                        }
                    } else if new_covers && new_needs_less && new.rows <= old.rows {
                        drop_old = true;
                    } else if old_covers && old_needs_less && old.rows <= new.rows {
                        keep = false;
                    }
                }
            }
        }
        if drop_old {
            paths.remove(at);
            continue;
        }
        if !keep {
            return;
        }
        let old = &paths[at];
        let later = (new.disabled, new.total).partial_cmp(&(old.disabled, old.total)) != Some(Ordering::Less);
        if !later && insert_at > at {
            insert_at = at;
        }
        at += 1;
    }
    let insert_at = insert_at.min(paths.len());
    // Kept in the order of their costs, those that came first before others of the same cost.
    paths.insert(insert_at, Rc::new(new));
}
