//! Steps of several threads made durable by one commit.
//!
//! A commit waits for the disk, and nobody else can write meanwhile: whoever comes in that time puts a step into the
//! queue, and the next to hold the connection takes the whole queue along. The one rule: a step is answered only after
//! the commit that holds it is on the disk, and no step fails for the sake of another.

use std::sync::{Arc, Mutex, MutexGuard};

use rusqlite::{Connection, TransactionBehavior};

type Done = rusqlite::Result<i64>;

/// What a thread wants done; done again where its company had to be given up.
pub(super) type Step = Box<dyn Fn(&Connection) -> Done + Send>;

/// Where the answer to a step is put.
type Place = Arc<Mutex<Option<Done>>>;

/// Steps that wait for the connection.
#[derive(Default)]
pub(super) struct Together {
    queue: Mutex<Vec<(Step, Place)>>,
}

impl Together {
    /// Does a step durably, with those of others where they wait too.
    pub(super) fn run(&self, connection: &Mutex<Connection>, step: Step) -> Done {
        let place = Place::default();
        lock(&self.queue).push((step, Arc::clone(&place)));
        let mut connection = lock(connection);
        // Whoever had the connection before may have done it on the way.
        if let Some(done) = lock(&place).take() {
            return done;
        }
        let steps = std::mem::take(&mut *lock(&self.queue));
        match together(&mut connection, &steps) {
            Ok(answers) => {
                for ((_, place), answer) in steps.iter().zip(answers) {
                    *lock(place) = Some(Ok(answer));
                }
            }
            Err(error) if steps.len() == 1 => return Err(error),
            Err(_) => {
                for step in &steps {
                    let done = together(&mut connection, std::slice::from_ref(step)).map(|answers| answers[0]);
                    *lock(&step.1) = Some(done);
                }
            }
        }
        lock(&place).take().expect("only a holder of the connection takes from the queue, and it answers all it takes")
    }
}

impl std::fmt::Debug for Together {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Together").field("waiting", &lock(&self.queue).len()).finish()
    }
}

fn together(connection: &mut Connection, steps: &[(Step, Place)]) -> rusqlite::Result<Vec<i64>> {
    // The write lock is asked for at once: a transaction that reads first cannot wait for another's commit.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let answers = steps.iter().map(|(step, _)| step(&transaction)).collect::<rusqlite::Result<Vec<_>>>()?;
    transaction.commit()?;
    Ok(answers)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("no holder of the connection or the queue panics")
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    fn table() -> Mutex<Connection> {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE step (id INTEGER PRIMARY KEY, number INTEGER UNIQUE)").unwrap();
        Mutex::new(connection)
    }

    fn insert(number: i64) -> Step {
        Box::new(move |connection| {
            connection.prepare_cached("INSERT INTO step (number) VALUES (?)")?.insert([number])?;
            Ok(number)
        })
    }

    fn numbers(connection: &Mutex<Connection>) -> Vec<i64> {
        let connection = lock(connection);
        let mut statement = connection.prepare("SELECT number FROM step ORDER BY number").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn steps_that_wait_share_a_commit_and_each_gets_its_own_answer() {
        let (connection, together) = (table(), Together::default());
        let begun = Barrier::new(9);
        std::thread::scope(|scope| {
            let held = lock(&connection);
            let (connection, together, begun) = (&connection, &together, &begun);
            let waiting: Vec<_> = (0..8)
                .map(|number| {
                    scope.spawn(move || {
                        begun.wait();
                        together.run(connection, insert(number))
                    })
                })
                .collect();
            begun.wait();
            while lock(&together.queue).len() < 8 {
                std::thread::yield_now();
            }
            drop(held);
            let answers: Vec<i64> = waiting.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
            assert_eq!(answers, (0..8).collect::<Vec<_>>());
        });
        assert_eq!(numbers(&connection), (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn a_step_that_fails_takes_no_other_with_it() {
        let (connection, together) = (table(), Together::default());
        together.run(&connection, insert(1)).unwrap();
        let places: Vec<Place> = (0..2).map(|_| Place::default()).collect();
        for (number, place) in [(2, &places[0]), (1, &places[1])] {
            lock(&together.queue).push((insert(number), Arc::clone(place)));
        }
        assert_eq!(together.run(&connection, insert(3)).unwrap(), 3);
        assert!(matches!(lock(&places[0]).take(), Some(Ok(2))));
        assert!(matches!(lock(&places[1]).take(), Some(Err(_))));
        assert!(together.run(&connection, insert(3)).is_err());
        assert_eq!(numbers(&connection), [1, 2, 3]);
    }
}
