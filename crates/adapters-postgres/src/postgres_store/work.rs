//! What is done over a connection.

use std::borrow::Cow;

use async_trait::async_trait;
use deadpool_postgres::Client;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::PostgresStoreError;

/// What is done over one connection, and in one transaction at most.
#[async_trait]
pub(crate) trait Work: Send + Sync + 'static {
    /// What comes of it.
    type Answer: Send + 'static;

    /// Whether it may be done again when it is not known whether it was done.
    fn is_repeatable(&self) -> bool;

    async fn run(&self, client: &mut Client) -> Result<Self::Answer, PostgresStoreError>;
}

/// One statement, which is a transaction of its own.
pub(crate) struct Statement {
    sql: Cow<'static, str>,
    values: Vec<Box<dyn ToSql + Send + Sync>>,
    is_repeatable: bool,
}

impl Statement {
    /// One that may be done again when it is not known whether it was done.
    pub(crate) fn repeatable(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), values: Vec::new(), is_repeatable: true }
    }

    /// One that must not be done twice.
    pub(crate) fn once(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { is_repeatable: false, ..Self::repeatable(sql) }
    }

    /// Gives the next parameter its value.
    pub(crate) fn bind(mut self, value: impl ToSql + Send + Sync + 'static) -> Self {
        self.values.push(Box::new(value));
        self
    }
}

#[async_trait]
impl Work for Statement {
    type Answer = Vec<Row>;

    fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    async fn run(&self, client: &mut Client) -> Result<Vec<Row>, PostgresStoreError> {
        let statement = client.prepare_cached(&self.sql).await?;
        let values: Vec<_> = self.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
        Ok(client.query(&statement, &values).await?)
    }
}
