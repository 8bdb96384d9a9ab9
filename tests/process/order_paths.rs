//! The food delivery on all its paths, with real activities and queries before, during and after.

use crate::world::{Told, World, finish, quiet};

/// The ledger of an order on which all goes well.
const DELIVERED: [&str; 4] = [
    "charged 0/0",
    "notified \"Order picked up\"",
    "notified \"Order delivered!\"",
    "notified \"Rate your meal. How was the pizza?\"",
];

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

    /// The ledger, its keys cut down to what is known of them: generation and op.
    fn ledger(&self) -> Vec<String> {
        let short = |line: String| match line.split_once(' ') {
            Some((what @ ("charged" | "declined" | "refunded"), key)) => {
                let parts: Vec<&str> = key.split('/').collect();
                let [store, run, generation, op, input] = parts[..] else { panic!("no key: {key}") };
                assert_eq!((store.len(), run, input.len()), (16, "1", 8), "{key}");
                format!("{what} {generation}/{op}")
            }
            _ => line,
        };
        self.world.lines("ledger").into_iter().map(short).collect()
    }

    /// A signal that is acknowledged changes the state at once.
    fn signal(&self, name: &str, then: &str) {
        assert_eq!(self.world.quiet(&["signal", "order", name]), "");
        assert_eq!(self.state().as_deref(), Some(then));
    }

    fn pick_up_and_deliver(&self) {
        self.until("Paid");
        self.signal("pickedUp", "Picked up");
        self.signal("delivered", "Delivered");
    }

    /// The attempts of the charge, as the history tells them.
    fn charge_attempts(&self) -> serde_json::Value {
        let charge = |entry: &serde_json::Value| entry["name"] == "charge_customer";
        self.world.history("order").into_iter().find(charge).expect("a charge")["attempts"].clone()
    }

    fn refunded(&self, told: &Told, why: &str) {
        assert_eq!((told.code, told.out.as_str()), (Some(1), ""), "{told:?}");
        let title = format!("error[D0101]: run order failed: {why}\n");
        assert!(
            told.err.starts_with(&title) && told.err.contains(&format!("fail(\"{why}\")")),
            "{}",
            told.err
        );
        assert_eq!(self.state().as_deref(), Some("Refunding"), "a query after the end");
        let status = self.world.status("order");
        assert_eq!(
            (status["status"].as_str(), status["error"]["message"].as_str()),
            (Some("failed"), Some(why))
        );
    }
}

#[test]
fn picked_up_and_delivered_in_time() {
    let order = Order::new();
    let child = order.start("1", "4s");
    order.pick_up_and_deliver();
    order.world.until_waits_for("order", "sleep");
    assert_eq!(quiet(&finish(child)), "Delivered");
    assert_eq!(order.state().as_deref(), Some("Delivered"), "a query after the end");
    assert_eq!(order.ledger(), DELIVERED);
    assert_eq!(order.world.status("order")["summary"], "Pizza, 1250 cents");
}

#[test]
fn not_picked_up_is_refunded() {
    let order = Order::new();
    let child = order.start("2", "1s");
    order.until("Refunding");
    order.refunded(&finish(child), "Not picked up in time");
    let told =
        "notified \"No drivers were available to pick up your order. Your payment has been refunded.\"";
    assert_eq!(order.ledger(), ["charged 0/0", "refunded 0/2", told]);
    assert_eq!(order.world.run(&["signal", "order", "pickedUp"]).code, Some(7));
}

#[test]
fn not_delivered_is_refunded() {
    let order = Order::new();
    let child = order.start("2", "3s");
    order.until("Paid");
    order.signal("pickedUp", "Picked up");
    order.refunded(&finish(child), "Not delivered in time");
    let told = "notified \"Your driver was unable to deliver your order. Your payment has been refunded.\"";
    assert_eq!(order.ledger(), ["charged 0/0", "notified \"Order picked up\"", "refunded 0/4", told]);
}

#[test]
fn a_declined_card_is_tried_once_and_told() {
    let order = Order::new();
    let told = finish(order.start("666", "1s"));
    assert_eq!((told.code, told.out.as_str()), (Some(1), ""));
    assert!(told.err.contains("Failed to charge customer for Caviar: card declined"), "{}", told.err);
    let notified = "notified \"Failed to charge customer for Caviar: card declined\"";
    assert_eq!(order.ledger(), ["declined 0/0", notified]);
    assert_eq!(order.charge_attempts(), 1);
    assert_eq!(order.state().as_deref(), Some("Charging card"));
    assert_eq!(order.world.status("order")["status"], "failed");
}

#[test]
fn a_charge_service_that_is_down_for_three_attempts_is_retried() {
    let order = Order::new();
    order.world.write("ledger.down", "1\n2\n3\n");
    let child = order.start("1", "4s");
    // The three attempts take more than a second: the query before the payment meets them.
    order.until("Charging card");
    order.pick_up_and_deliver();
    assert_eq!(quiet(&finish(child)), "Delivered");
    assert_eq!(order.charge_attempts(), 4);
    assert_eq!(order.ledger(), DELIVERED);
}
