// A shared object for test_symbols: a return address inside a Rust method and a closure.

extern "C" {
    fn rust_note(slot: i32) -> i32;
}

struct Worker {
    base: i32,
}

impl Worker {
    #[inline(never)]
    fn run(&self, slot: i32) -> i32 {
        unsafe { rust_note(slot) + self.base }
    }
}

#[inline(never)]
fn apply<F: Fn(i32) -> i32>(call: F, slot: i32) -> i32 {
    call(slot) + 1
}

#[no_mangle]
pub extern "C" fn rust_run_all(base: i32) -> i32 {
    let worker = Worker { base };
    let closure = |slot| unsafe { rust_note(slot) + base };
    worker.run(0) + apply(closure, 1)
}
