// What Rust's standard library waits with: raw futexes, and joins. Each function wait_* waits ROUNDS times for what a
// partner thread does HOLD later, and measures it. Prints
//
//     FUNCTION KIND COUNT TOTAL_NS
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::{Condvar, Mutex, Once, RwLock};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

const ROUNDS: usize = 8;
const HOLD: Duration = Duration::from_millis(20);
const FOR_EVER: Duration = Duration::from_secs(100);

// Numbers of rounds, from 1 on.
static PREPARED: AtomicUsize = AtomicUsize::new(0);
static BEGUN: AtomicUsize = AtomicUsize::new(0);
static RELEASED: AtomicUsize = AtomicUsize::new(0);
static FINISHED: AtomicUsize = AtomicUsize::new(0);

static MUTEX: Mutex<bool> = Mutex::new(false);
static COND: Condvar = Condvar::new();
static RWLOCK: RwLock<()> = RwLock::new(());
#[allow(clippy::declare_interior_mutable_const)]
const NEW_ONCE: Once = Once::new();
static ONCES: [Once; ROUNDS] = [NEW_ONCE; ROUNDS];
static ONCE_ENTERED: AtomicUsize = AtomicUsize::new(0);
static JOINED: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);
static RECEIVER: Mutex<Option<Receiver<u8>>> = Mutex::new(None);
static SENDER: Mutex<Option<Sender<u8>>> = Mutex::new(None);
static WAITER: Mutex<Option<Thread>> = Mutex::new(None);

// Polls, so that the meeting itself is no wait.
fn meet(value: &AtomicUsize, wanted: usize) {
    while value.load(SeqCst) != wanted {
        thread::sleep(Duration::from_micros(100));
    }
}

fn hold_until_released(round: usize) {
    PREPARED.store(round, SeqCst);
    meet(&BEGUN, round);
    thread::sleep(HOLD);
    RELEASED.store(round, SeqCst);
}

macro_rules! wait {
    ($name:ident, $round:ident, $what:block) => {
        #[no_mangle]
        #[inline(never)]
        extern "C" fn $name($round: usize) -> u64 {
            let start = Instant::now();
            $what;
            start.elapsed().as_nanos() as u64
        }
    };
}

wait!(wait_mutex, _round, { drop(MUTEX.lock().unwrap()) });
wait!(wait_read, _round, { drop(RWLOCK.read().unwrap()) });
wait!(wait_write, _round, { drop(RWLOCK.write().unwrap()) });
wait!(wait_once, round, { ONCES[(round - 1) % ROUNDS].call_once(|| ()) });
wait!(wait_park, _round, { thread::park() });
wait!(wait_park_timeout, _round, { thread::park_timeout(FOR_EVER) });
wait!(wait_cond, _round, { drop(COND.wait_while(MUTEX.lock().unwrap(), |is_set| !*is_set).unwrap()) });
wait!(wait_cond_timeout, _round, {
    drop(COND.wait_timeout_while(MUTEX.lock().unwrap(), FOR_EVER, |is_set| !*is_set).unwrap())
});

#[no_mangle]
#[inline(never)]
extern "C" fn wait_join(_round: usize) -> u64 {
    let handle = JOINED.lock().unwrap().take().unwrap();
    let start = Instant::now();
    handle.join().unwrap();
    start.elapsed().as_nanos() as u64
}

#[no_mangle]
#[inline(never)]
extern "C" fn wait_channel(_round: usize) -> u64 {
    let receiver = RECEIVER.lock().unwrap().take().unwrap();
    let start = Instant::now();
    receiver.recv().unwrap();
    start.elapsed().as_nanos() as u64
}

fn hold_mutex(round: usize) {
    let _held = MUTEX.lock().unwrap();
    hold_until_released(round);
}

fn hold_writing(round: usize) {
    let _held = RWLOCK.write().unwrap();
    hold_until_released(round);
}

fn hold_reading(round: usize) {
    let _held = RWLOCK.read().unwrap();
    hold_until_released(round);
}

fn hold_once(round: usize) {
    ONCES[(round - 1) % ROUNDS].call_once(|| {
        ONCE_ENTERED.store(round, SeqCst);
        hold_until_released(round)
    });
}

fn hold_thread(round: usize) {
    *JOINED.lock().unwrap() = Some(thread::spawn(move || meet(&RELEASED, round)));
    hold_until_released(round);
}

fn unpark(round: usize) {
    hold_until_released(round);
    WAITER.lock().unwrap().as_ref().unwrap().unpark();
}

fn set(round: usize) {
    *MUTEX.lock().unwrap() = false;
    hold_until_released(round);
    *MUTEX.lock().unwrap() = true;
    COND.notify_one();
}

fn send(round: usize) {
    let (sender, receiver) = channel();
    *RECEIVER.lock().unwrap() = Some(receiver);
    *SENDER.lock().unwrap() = Some(sender);
    hold_until_released(round);
    SENDER.lock().unwrap().as_ref().unwrap().send(1).unwrap();
}

struct Step {
    function: &'static str,
    kind: &'static str,
    wait: extern "C" fn(usize) -> u64,
    hold: fn(usize),
}

const STEPS: &[Step] = &[
    Step { function: "wait_once", kind: "futex", wait: wait_once, hold: hold_once },
    Step { function: "wait_mutex", kind: "futex", wait: wait_mutex, hold: hold_mutex },
    Step { function: "wait_read", kind: "futex", wait: wait_read, hold: hold_writing },
    Step { function: "wait_write", kind: "futex", wait: wait_write, hold: hold_reading },
    Step { function: "wait_park", kind: "futex", wait: wait_park, hold: unpark },
    Step { function: "wait_park_timeout", kind: "futex", wait: wait_park_timeout, hold: unpark },
    Step { function: "wait_cond", kind: "futex", wait: wait_cond, hold: set },
    Step { function: "wait_cond_timeout", kind: "futex", wait: wait_cond_timeout, hold: set },
    Step { function: "wait_channel", kind: "futex", wait: wait_channel, hold: send },
    Step { function: "wait_join", kind: "join", wait: wait_join, hold: hold_thread },
];

fn be_partner() {
    for round in 1..=STEPS.len() * ROUNDS {
        (STEPS[(round - 1) / ROUNDS].hold)(round);
        meet(&FINISHED, round);
    }
}

fn main() {
    *WAITER.lock().unwrap() = Some(thread::current());
    let partner = thread::spawn(be_partner);
    let mut round = 0;
    for step in STEPS {
        let mut total = 0;
        for _ in 0..ROUNDS {
            round += 1;
            meet(&PREPARED, round);
            BEGUN.store(round, SeqCst);
            total += (step.wait)(round);
            FINISHED.store(round, SeqCst);
        }
        println!("{} {} {} {}", step.function, step.kind, ROUNDS, total);
    }
    partner.join().unwrap();
}
