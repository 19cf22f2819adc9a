"""SQLAlchemy: models, sessions, and the queries by which it looks at a schema."""
import os
from sqlalchemy import (Column, ForeignKey, Integer, Index, Numeric, String, UniqueConstraint, create_engine, func, inspect, select, text)
from sqlalchemy.orm import DeclarativeBase, Session, relationship, selectinload

def check(what, found, expected):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"
    print("ok", what)

host, port = os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGPORT", "5432")
url = f"postgresql+psycopg://{os.environ.get('PGUSER', 'postgres')}@/{os.environ.get('PGDATABASE', 'postgres')}?host={host}&port={port}"
engine = create_engine(url)

class Base(DeclarativeBase):
    pass

class Author(Base):
    __tablename__ = "probe_author"
    id = Column(Integer, primary_key=True)
    name = Column(String(50), nullable=False)
    books = relationship("Book", back_populates="author", cascade="all, delete-orphan")
    __table_args__ = (UniqueConstraint("name", name="probe_author_name"),)

class Book(Base):
    __tablename__ = "probe_book"
    id = Column(Integer, primary_key=True)
    title = Column(String, server_default="untitled")
    price = Column(Numeric(8, 2))
    author_id = Column(ForeignKey("probe_author.id", ondelete="CASCADE"))
    author = relationship("Author", back_populates="books")
    __table_args__ = (Index("probe_book_title", "title"),)

Base.metadata.drop_all(engine)
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Author(name=f"a{n}", books=[Book(title=f"b{m}", price=m) for m in range(3)]) for n in range(5)])
    session.commit()
    authors = session.scalars(select(Author).options(selectinload(Author.books)).order_by(Author.id)).all()
    check("loaded", [(a.name, len(a.books)) for a in authors], [(f"a{n}", 3) for n in range(5)])
    totals = session.execute(select(Author.name, func.sum(Book.price)).join(Book).group_by(Author.name).order_by(Author.name)).all()
    check("join and group", [(n, int(t)) for n, t in totals], [(f"a{n}", 3) for n in range(5)])
    session.delete(authors[0])
    session.commit()
    check("cascade", session.scalar(select(func.count()).select_from(Book)), 12)
look = inspect(engine)
check("tables", {"probe_author", "probe_book"} <= set(look.get_table_names()), True)
check("columns", [(c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns("probe_book")],
      [("id", "INTEGER", False), ("title", "VARCHAR", True), ("price", "NUMERIC(8, 2)", True), ("author_id", "INTEGER", True)])
check("primary key", look.get_pk_constraint("probe_author")["name"], "probe_author_pkey")
check("foreign keys", [(f["referred_table"], f["options"]) for f in look.get_foreign_keys("probe_book")], [("probe_author", {"ondelete": "CASCADE"})])
check("unique", [u["name"] for u in look.get_unique_constraints("probe_author")], ["probe_author_name"])
check("indexes", [(i["name"], i["column_names"]) for i in look.get_indexes("probe_book")], [("probe_book_title", ["title"])])
check("checks", look.get_check_constraints("probe_book"), [])
check("views", look.get_view_names(), [])
check("schemas", "public" in look.get_schema_names(), True)
check("comment", look.get_table_comment("probe_book"), {"text": None})
check("has_table", look.has_table("probe_nowhere"), False)
check("sequences", "probe_author_id_seq" in look.get_sequence_names(), True)
Base.metadata.drop_all(engine)
