//! Rows written by a layout are read back the same, value by value and column by column, whatever the columns.

use access::{ColumnShape, Field, Form, PageRows, Pending, RowLayout};
use batch::{Column, Datum, DatumRef, Repr};
use ids::PAGE_SIZE;
use proptest::prelude::*;

fn shape() -> impl Strategy<Value = ColumnShape> {
    prop_oneof![
        Just(ColumnShape::new(Repr::B1, 1)),
        Just(ColumnShape::new(Repr::B2, 2)),
        Just(ColumnShape::new(Repr::B4, 4)),
        Just(ColumnShape::new(Repr::B8, 8)),
        Just(ColumnShape::new(Repr::Bytes, -1)),
        Just(ColumnShape::new(Repr::Bytes, 64)),
        Just(ColumnShape::new(Repr::Bytes, 6)),
        Just(ColumnShape::new(Repr::Bytes, 12)),
        Just(ColumnShape::new(Repr::Bytes, 16)),
    ]
}

fn value(shape: &ColumnShape) -> BoxedStrategy<Datum> {
    let some = match shape.repr {
        Repr::B1 => any::<u8>().prop_map(Datum::B1).boxed(),
        Repr::B2 => any::<i16>().prop_map(Datum::B2).boxed(),
        Repr::B4 => any::<i32>().prop_map(Datum::B4).boxed(),
        Repr::B8 => any::<i64>().prop_map(Datum::B8).boxed(),
        Repr::Bytes if shape.width > 0 => {
            proptest::collection::vec(any::<u8>(), shape.width as usize).prop_map(Datum::bytes).boxed()
        }
        Repr::Bytes => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Datum::bytes).boxed(),
    };
    prop_oneof![4 => some, 1 => Just(Datum::Null)].boxed()
}

/// Shapes with missing values for later columns, and rows of some prefix of the columns.
fn table() -> impl Strategy<Value = (Vec<ColumnShape>, Vec<Vec<Datum>>)> {
    proptest::collection::vec(shape(), 1..12)
        .prop_flat_map(|shapes| {
            let missing: Vec<_> = shapes.iter().map(value).collect();
            (Just(shapes), missing)
        })
        .prop_flat_map(|(shapes, missing)| {
            let shapes: Vec<_> = shapes.into_iter().zip(missing).map(|(s, m)| s.with_missing(m)).collect();
            let all = shapes.clone();
            let row = (1..=shapes.len()).prop_flat_map(move |n| all[..n].iter().map(value).collect::<Vec<_>>()).boxed();
            (Just(shapes), proptest::collection::vec(row, 1..12))
        })
}

proptest! {
    #[test]
    fn rows_round_trip((shapes, rows) in table()) {
        let layout = RowLayout::new(shapes.clone()).unwrap();
        let mut page = Box::new([0u8; PAGE_SIZE]);
        let mut set = PageRows::new();
        let mut at = 0;
        for row in &rows {
            let short = RowLayout::new(shapes[..row.len()].to_vec()).unwrap();
            let mut body = Vec::new();
            let flags = short.encode(|k| Field::Plain(row[k].as_ref()), &mut body).unwrap();
            prop_assert_eq!(body.len(), short.encoded_len(|k| Field::Plain(row[k].as_ref())));
            prop_assert_eq!(flags.nulls, row.iter().any(Datum::is_null));
            let view = layout.view(&body, row.len(), flags.nulls).unwrap();
            for (k, shape) in shapes.iter().enumerate() {
                let expected = row.get(k).unwrap_or(&shape.missing).as_ref();
                prop_assert_eq!(view.get(k).unwrap(), Field::Plain(expected));
            }
            page[at..at + body.len()].copy_from_slice(&body);
            set.push(&layout, at, at + body.len(), row.len(), flags.nulls).unwrap();
            at = (at + body.len()).next_multiple_of(8);
        }
        for (k, shape) in shapes.iter().enumerate() {
            let mut column = Column::new(shape.repr);
            let mut pending = Vec::new();
            column.push_null(); // appended behind what is there
            layout.append_column(k, &page, &set, 0, &mut column, &mut pending).unwrap();
            prop_assert!(pending.is_empty());
            for (n, row) in rows.iter().enumerate() {
                prop_assert_eq!(column.get(n + 1), row.get(k).unwrap_or(&shape.missing).as_ref());
            }
        }
    }

    #[test]
    fn damaged_bodies_are_errors_not_panics(shapes in proptest::collection::vec(shape(), 1..8),
                                            bytes in proptest::collection::vec(any::<u8>(), 0..200),
                                            natts in 0usize..10, nulls: bool) {
        let layout = RowLayout::new(shapes.clone()).unwrap();
        if let Some(view) = layout.view(&bytes, natts, nulls) {
            for k in 0..shapes.len() {
                let _ = view.get(k);
            }
        }
        let mut page = Box::new([0u8; PAGE_SIZE]);
        let start = PAGE_SIZE - bytes.len();
        page[start..].copy_from_slice(&bytes);
        let mut set = PageRows::new();
        if set.push(&layout, start, PAGE_SIZE, natts, nulls).is_ok() {
            for (k, shape) in shapes.iter().enumerate() {
                let _ = layout.append_column(k, &page, &set, 0, &mut Column::new(shape.repr), &mut Vec::new());
            }
        }
    }
}

#[test]
fn stored_forms_are_reported() {
    let layout = RowLayout::new(vec![ColumnShape::new(Repr::Bytes, -1), ColumnShape::new(Repr::Bytes, -1)]).unwrap();
    let fields = [Field::Compressed(b"zip"), Field::External(b"pointer")];
    let mut body = Vec::new();
    assert!(layout.encode(|k| fields[k], &mut body).unwrap().external);
    let view = layout.view(&body, 2, false).unwrap();
    assert_eq!([view.get(0).unwrap(), view.get(1).unwrap()], fields);
    let mut page = Box::new([0u8; PAGE_SIZE]);
    page[..body.len()].copy_from_slice(&body);
    let mut set = PageRows::new();
    set.push(&layout, 0, body.len(), 2, false).unwrap();
    let mut pending = Vec::new();
    let mut column = Column::new(Repr::Bytes);
    layout.append_column(1, &page, &set, 7, &mut column, &mut pending).unwrap();
    assert_eq!(pending, [Pending { column: 7, position: 0, form: Form::External }]);
    assert_eq!(column.get(0), DatumRef::Bytes(b"pointer"));
}

#[test]
fn fixed_columns_have_no_padding_and_wrong_forms_are_refused() {
    let shapes = [Repr::B1, Repr::B8, Repr::B2, Repr::B4].map(|r| ColumnShape::new(r, 0));
    let layout = RowLayout::new(shapes.to_vec()).unwrap();
    let row = [DatumRef::B1(1), DatumRef::B8(2), DatumRef::B2(3), DatumRef::B4(4)];
    assert_eq!(layout.encoded_len(|k| Field::Plain(row[k])), 15);
    assert!(layout.encode(|k| Field::Plain(row[(k + 1) % 4]), &mut Vec::new()).is_err());
    let wide = RowLayout::new(vec![ColumnShape::new(Repr::Bytes, -1)]).unwrap();
    let error = wide.encode(|_| Field::Plain(DatumRef::Bytes(&[0; 9000])), &mut Vec::new()).unwrap_err();
    assert_eq!(error.message(), "row is too big: size 9002, maximum size 8160");
}
