//! Payment reminders of customers (contract 7). All routes and bodies are assumed.

use serde_json::Value;

use super::reply::{Payload, Reply};
use super::values::{Patch, ReminderType, TimeOfDay};
use super::{Acknowledgement, Client, ClientError, check, record};

record::requests! {
    /// A payment reminder to create, or inside a customer.
    NewReminder {
        /// The reminder that a change of its customer is about; none adds one.
        customer_reminder_id: Option<String> = "customerReminderId",
        /// Days between reminder and due date; before or after is not documented.
        due_date_difference: Option<i32> = "dueDateDifference",
        /// Time between reminders, probably in days.
        reminder_interval: Option<i32> = "reminderInterval",
        /// Time of day.
        reminder_time: Option<TimeOfDay> = "reminderTime",
        /// Once or again and again.
        reminder_type: Option<ReminderType> = "reminderType",
        /// Stage; values are not documented.
        stage: Option<String> = "stage",
    }

    /// A change of a reminder: what is left is not sent.
    ReminderPatch {
        /// Days between reminder and due date.
        due_date_difference: Patch<i32> = "dueDateDifference",
        /// Time between reminders.
        reminder_interval: Patch<i32> = "reminderInterval",
        /// Time of day.
        reminder_time: Patch<TimeOfDay> = "reminderTime",
        /// Once or again and again.
        reminder_type: Patch<ReminderType> = "reminderType",
        /// Stage.
        stage: Patch<String> = "stage",
    }
}

record::replies! {
    /// A payment reminder as the API returns it.
    Reminder {
        /// Enkash's id of the reminder.
        customer_reminder_id: Option<String> = "customerReminderId",
        /// Days between reminder and due date.
        due_date_difference: Option<i64> = "dueDateDifference",
        /// Time between reminders.
        reminder_interval: Option<i64> = "reminderInterval",
        /// Time of day.
        reminder_time: Option<TimeOfDay> = "reminderTime",
        /// Once or again and again.
        reminder_type: Option<ReminderType> = "reminderType",
        /// Stage.
        stage: Option<String> = "stage",
    }
}

impl Client {
    /// Creates a reminder of a customer (`createCustomerReminder`). Doing it twice may store it twice.
    pub fn create_reminder(
        &self,
        customer_id: &str,
        reminder: &NewReminder,
    ) -> Result<Reply<Payload<Reminder>>, ClientError> {
        let body = Value::Object(reminder.body());
        Ok(self.call("reminders create", &[("customerId", customer_id)], Some(&body))?.typed())
    }

    /// The reminders of a customer (`getCustomerReminders`).
    pub fn reminders(&self, customer_id: &str) -> Result<Reply<Payload<Vec<Reminder>>>, ClientError> {
        Ok(self.call("reminders list", &[("customerId", customer_id)], None)?.listed())
    }

    /// One reminder (`getCustomerReminder`).
    pub fn reminder(&self, customer_id: &str, reminder_id: &str) -> Result<Reply<Payload<Reminder>>, ClientError> {
        Ok(self.call("reminders get", &ids(customer_id, reminder_id), None)?.typed())
    }

    /// Deletes a reminder (`deleteReminder`).
    pub fn delete_reminder(&self, customer_id: &str, reminder_id: &str) -> Result<Acknowledgement, ClientError> {
        Ok(self.call("reminders delete", &ids(customer_id, reminder_id), None)?.typed())
    }

    /// Changes a reminder (`updateCustomerReminder`).
    pub fn update_reminder(
        &self,
        customer_id: &str,
        reminder_id: &str,
        patch: &ReminderPatch,
    ) -> Result<Reply<Payload<Reminder>>, ClientError> {
        let body = patch.body();
        check::changes_something(&body)?;
        let body = Value::Object(body);
        Ok(self.call("reminders update", &ids(customer_id, reminder_id), Some(&body))?.typed())
    }
}

fn ids<'a>(customer_id: &'a str, reminder_id: &'a str) -> [(&'static str, &'a str); 2] {
    [("customerId", customer_id), ("customerReminderId", reminder_id)]
}
