//! The food delivery on all its paths, with real activities and queries before, during and after.

use crate::world::{World, finish};

struct Order {
    world: World,
    script: String,
}

impl Order {
    fn new() -> Self {
        Self { world: World::new(), script: World::sample("order.rhai") }
    }

    fn start(&self, product: &str, minute: &str) -> std::process::Child {
        let (product, minute) = (format!("product_id:={product}"), format!("minute={minute}"));
        self.world.spawn(&[
            "start",
            &self.script,
            "--id",
            "order",
            "-i",
            &product,
            "-i",
            &minute,
            "--env",
            "LEDGER",
        ])
    }

    fn state(&self) -> Option<String> {
        let told = self.world.run(&["query", "order", "getStatus", "-o", "json"]);
        let answer: serde_json::Value = serde_json::from_str(&told.out).ok()?;
        let answer = if answer["state"].is_string() { answer } else { answer["answer"].clone() };
        answer["state"].as_str().map(str::to_owned)
    }

    fn until(&self, state: &str) {
        self.world.until(state, |_| self.state().filter(|now| now == state));
    }

    /// The ledger without the keys.
    fn ledger(&self) -> Vec<String> {
        let word = |line: String| {
            if line.starts_with("notified") {
                line
            } else {
                line.split(' ').next().expect("a word").to_owned()
            }
        };
        self.world.lines("ledger").into_iter().map(word).collect()
    }
}

#[test]
fn picked_up_and_delivered_in_time() {
    let order = Order::new();
    // Recorded and not begun: there is no script state to ask yet, and the signal waits.
    let child = order.start("1", "3s");
    order.until("Paid");
    order.world.good(&["signal", "order", "pickedUp"]);
    order.until("Picked up");
    order.world.good(&["signal", "order", "delivered"]);
    order.until("Delivered");
    let told = finish(child);
    assert_eq!((told.code, told.out.as_str()), (Some(0), "Delivered\n"), "{told:?}");
    assert_eq!(order.state().as_deref(), Some("Delivered"), "a query after the end");
    assert_eq!(
        order.ledger(),
        [
            "charged",
            "notified \"Order picked up\"",
            "notified \"Order delivered!\"",
            "notified \"Rate your meal. How was the pizza?\"",
        ]
    );
}

#[test]
fn not_picked_up_is_refunded() {
    let order = Order::new();
    let told = finish(order.start("1", "300ms"));
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("Not picked up in time"), "{}", told.err);
    assert_eq!(order.ledger()[..2], ["charged", "refunded"]);
    assert_eq!(order.state().as_deref(), Some("Refunding"));
}

#[test]
fn not_delivered_is_refunded() {
    let order = Order::new();
    let child = order.start("2", "2s");
    order.until("Paid");
    order.world.good(&["signal", "order", "pickedUp"]);
    let told = finish(child);
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("Not delivered in time"), "{}", told.err);
    assert_eq!(order.ledger()[..3], ["charged", "notified \"Order picked up\"", "refunded"]);
}

#[test]
fn a_declined_card_is_tried_once_and_told() {
    let order = Order::new();
    let told = finish(order.start("666", "1s"));
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("Failed to charge customer for Caviar: card declined"), "{}", told.err);
    assert_eq!(
        order.ledger(),
        ["declined", "notified \"Failed to charge customer for Caviar: card declined\""]
    );
}

#[test]
fn a_charge_service_that_is_down_for_three_attempts_is_retried() {
    let order = Order::new();
    order.world.write("ledger.down", "1\n2\n3\n");
    let child = order.start("1", "3s");
    order.until("Paid");
    order.world.good(&["signal", "order", "pickedUp"]);
    order.until("Picked up");
    order.world.good(&["signal", "order", "delivered"]);
    assert_eq!(finish(child).code, Some(0));
    assert_eq!(order.ledger()[0], "charged");
    let history = order.world.history("order");
    let charged = history.iter().find(|entry| entry["name"] == "charge_customer").expect("an entry");
    assert_eq!(charged["attempts"], 4, "{charged}");
}
