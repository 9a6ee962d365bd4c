//! What is asked for, and what records say of lines.

use super::*;

const SELLER: &str = "CEK0SANDBX";
const KC: &str = "KC9B2X7M4Q1Z8T6D";

fn operation(name: &str) -> &'static Operation {
    Operation::by_name(name).unwrap()
}

fn india() -> TimeZone {
    TimeZone::get("Asia/Kolkata").unwrap()
}

fn records(list: Value) -> Vec<Record> {
    let Value::Array(items) = list else { panic!("{list} is no list") };
    items
        .into_iter()
        .map(|item| match item {
            Value::Object(object) => Record(object),
            other => panic!("{other} is no object"),
        })
        .collect()
}

/// `ours CIN1`, `other CIN1: ...`, `several CIN1 CIN2`, `nothing`.
fn told(name: &str, body: &str, found: Value) -> String {
    let found = FoundIndex::new(operation(name), records(found), &india());
    let id = |id: Option<String>| id.unwrap_or_else(|| "?".to_owned());
    match seen(operation(name), SELLER, &sent_lines(body.as_bytes())[0], &found) {
        Seen::Ours { remote_id } => format!("ours {}", id(remote_id)),
        Seen::Other { remote_id, differences } => format!("other {}: {differences}", id(remote_id)),
        Seen::Several { remote_ids } => format!("several {}", remote_ids.join(" ")),
        Seen::Shared { .. } | Seen::Nothing => "nothing".to_owned(),
    }
}

#[test]
fn lines_are_the_cells_that_were_filled() {
    let lines = sent_lines("a,b,c\n1,, x \n\"2,2\",\"l\n2\"\n".as_bytes());
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0].cell("a"), lines[0].cell("b"), lines[0].cell("c")), (Some("1"), None, Some("x")));
    assert_eq!((lines[1].cell("a"), lines[1].cell("b"), lines[1].cell("c")), (Some("2,2"), Some("l\n2"), None));
    assert!(sent_lines(b"").is_empty() && sent_lines(b"\xff\xfe\n").is_empty());
}

#[test]
fn an_invoice_is_ours_by_number_customer_year_seller_and_content() {
    let body = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount,netAmount\n\
                R–7/a,KC9B2X7M4Q1Z8T6D,2026-04-01,2026-04-30,100.00,118.00\n";
    let ours = json!({
        "invoiceId": "CIN1", "sellerId": SELLER, "invoiceNumber": "R-7/A", "customerId": KC,
        "invoiceDate": "2026-03-31T18:30:00Z", "dueDate": "2026-04-30", "baseAmount": 100, "netAmount": "118.0",
        "receivableStatus": {"name": "UNPAID", "label": "Unpaid"},
    });
    let with = |name: &str, value: Value| {
        let mut record = ours.clone();
        record[name] = value;
        record
    };
    for (found, expected) in [
        (json!([]), "nothing"),
        (json!([ours]), "ours CIN1"),
        (json!([with("invoiceId", json!(null))]), "ours ?"),
        (json!([with("sellerId", json!(null))]), "ours CIN1"),
        (json!([with("sellerId", json!("CEK0000001"))]), "nothing"),
        (json!([with("customerId", json!(null))]), "ours CIN1"),
        (json!([with("customerId", json!("KC00000000000001"))]), "nothing"),
        (
            json!([{"invoiceId": "CIN1", "invoiceNumber": ours["invoiceNumber"], "customerId": ours["customerId"]}]),
            "other CIN1: the search shows neither its dates nor its amounts",
        ),
        (json!([with("invoiceNumber", json!("R-7/B"))]), "nothing"),
        (json!([with("invoiceNumber", json!(null))]), "nothing"),
        // Another financial year is another invoice; without a date the number decides.
        (json!([with("invoiceDate", json!("2025-04-01"))]), "nothing"),
        (json!([with("invoiceDate", json!("2026-03-31"))]), "nothing"),
        (json!([with("invoiceDate", json!(null))]), "ours CIN1"),
        (json!([with("invoiceDate", json!("2026-04-02"))]), "other CIN1: invoiceDate \"2026-04-01\" → \"2026-04-02\""),
        (json!([with("netAmount", json!(119))]), "other CIN1: netAmount \"118.00\" → \"119\""),
        (json!([with("netAmount", json!(119)), with("invoiceId", json!("CIN2"))]), "ours CIN2"),
        (json!([ours, with("invoiceId", json!("CIN2"))]), "several CIN1 CIN2"),
        // Two searches may show one record.
        (json!([ours, ours]), "ours CIN1"),
        (json!([with("invoiceId", json!(null)), with("invoiceId", json!(null))]), "ours ?"),
    ] {
        assert_eq!(told("invoices create", body, found.clone()), expected, "{found}");
    }
}

#[test]
fn an_invoice_without_a_number_is_found_by_its_own_reference() {
    let body = format!("externalId,customerId,baseAmount\nT-9,{KC},100.00\n");
    for (found, expected) in [
        (json!([{"invoiceId": "CIN1", "externalId": "T-9", "baseAmount": 100.0}]), "ours CIN1"),
        (json!([{"invoiceId": "CIN1", "externalId": "T-9", "invoiceNumber": "AUTO-1"}]), "ours CIN1"),
        (json!([{"invoiceId": "CIN1", "externalId": "t-9"}]), "nothing"),
        (json!([{"invoiceId": "CIN1", "invoiceNumber": "T-9"}]), "nothing"),
        (
            json!([{"invoiceId": "CIN1", "externalId": "T-9", "baseAmount": 99}]),
            "other CIN1: baseAmount \"100.00\" → \"99\"",
        ),
    ] {
        assert_eq!(told("invoices create", &body, found.clone()), expected, "{found}");
    }
    // Nothing to find it by.
    assert_eq!(
        told("invoices create", "baseAmount\n1.00\n", json!([{"invoiceId": "CIN1", "baseAmount": 1}])),
        "nothing"
    );
}

#[test]
fn a_customer_is_found_by_reference_else_tax_number_else_name_and_mobile() {
    let contact = |mobile: &str| json!([{"name": "Asha", "legalName": "Asha Traders", "mobile": mobile}]);
    let by_reference = "uniqueRefNo,legalName,panOrGstin\nc-1,Asha Traders,27AAPFU0939F1ZV\n";
    let by_tax = "legalName,panOrGstin\nAsha Traders,27AAPFU0939F1ZV\n";
    let by_name = "legalName,keyContactMobile\nAsha  Traders,9876543210\n";
    let by_contact = "keyContactLegalName,keyContactMobile\nAsha Traders,+919876543210\n";
    for (body, found, expected) in [
        (by_reference, json!([{"customerId": "KC1", "uniqueRefNo": "C-1"}]), "ours KC1"),
        (
            by_reference,
            json!([{"customerId": "KC1", "uniqueRefNo": "C-1", "legalName": "Ravi Mills"}]),
            "other KC1: legalName \"Asha Traders\" → \"Ravi Mills\"",
        ),
        (by_reference, json!([{"customerId": "KC1", "panOrGstin": "27AAPFU0939F1ZV"}]), "nothing"),
        (by_tax, json!([{"customerId": "KC1", "panOrGstin": "27aapfu0939f1zv", "uniqueRefNo": "x"}]), "ours KC1"),
        (by_tax, json!([{"customerId": "KC1", "legalName": "Asha Traders"}]), "nothing"),
        (
            by_name,
            json!([{"customerId": "KC1", "legalName": "ASHA TRADERS", "customerKeyContacts": contact("+91-9876543210")}]),
            "ours KC1",
        ),
        (
            by_name,
            json!([{"customerId": "KC1", "legalName": "Asha Traders", "customerKeyContacts": contact("9000000000")}]),
            "nothing",
        ),
        (by_name, json!([{"customerId": "KC1", "legalName": "Asha Traders"}]), "nothing"),
        (by_contact, json!([{"customerId": "KC1", "customerKeyContacts": contact("9876543210")}]), "ours KC1"),
        (
            by_contact,
            json!([{"customerId": "KC1", "customerKeyContacts": contact("9876543210")},
                   {"customerId": "KC2", "customerKeyContacts": contact("9876543210")}]),
            "several KC1 KC2",
        ),
    ] {
        assert_eq!(told("customers create", body, found.clone()), expected, "{body} {found}");
    }
    let update = "customerId,legalName\nKC9B2X7M4Q1Z8T6D,Asha\n";
    assert_eq!(
        told("customers update", update, json!([{"customerId": KC, "legalName": "Asha"}])),
        format!("ours {KC}")
    );
}

#[test]
fn queries_name_the_customers_of_lines_and_control_and_a_window() {
    let body = |customers: std::ops::Range<u32>| {
        let lines = customers.map(|number| format!("A{number},KC{:014}\n", number / 2));
        format!("invoiceNumber,customerId\n{}", lines.collect::<String>())
    };
    let lines = sent_lines(body(0..2_000).as_bytes());
    let control = sent_lines(body(1_998..2_006).as_bytes());
    let noon = Timestamp::from_second(1_795_329_000).unwrap();
    let window = Window::around(noon, noon, SignedDuration::ZERO, &india());
    let invoices = operation("invoices create");
    let queries_of = queries(invoices, &lines.iter().collect::<Vec<_>>(), &control, window);
    let ids = |query: &Value| -> Vec<String> {
        query["customerIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let sizes: Vec<usize> = queries_of.iter().map(|query| ids(query).len()).collect();
    // 1,000 customers of lines, one of them among the 4 of the control, 496 a search beside those.
    assert_eq!(sizes, [500, 500, 4 + 7]);
    let mut all = HashSet::new();
    for query in &queries_of {
        assert!(control.iter().all(|line| ids(query).iter().any(|id| Some(id.as_str()) == line.cell("customerId"))));
        assert_eq!(query["createdOnFrom"], "2026-11-21 00:00:00");
        assert_eq!(query["createdOnTo"], "2026-11-23 23:59:59");
        all.extend(ids(query));
    }
    assert_eq!(all.len(), 1_003);

    // A line without a customer takes the filter away; customers have none.
    let odd = sent_lines(b"invoiceNumber,customerId\nA1,\nA2,KC00000000000001\n");
    let odd: Vec<&SentLine> = odd.iter().collect();
    assert_eq!(queries(invoices, &odd, &[], Window::ALWAYS), [json!({})]);
    assert_eq!(queries(operation("customers create"), &odd, &[], window), [json!({})]);
    assert!(queries(invoices, &[], &[], window).is_empty());
    let control_alone = queries(invoices, &[], &control, Window::ALWAYS);
    assert_eq!(control_alone.len(), 1);
    assert_eq!(ids(&control_alone[0]).len(), 4);
}

#[test]
fn a_window_has_a_day_to_spare_and_follows_the_servers_clock() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    for (first, last, ahead, from, to) in [
        ("2026-11-22T06:30:00Z", "2026-11-22T06:30:00Z", 0, "2026-11-21T00:00:00", "2026-11-23T23:59:59"),
        // Days are those of India.
        ("2026-11-22T18:29:59Z", "2026-11-22T18:30:00Z", 0, "2026-11-21T00:00:00", "2026-11-24T23:59:59"),
        // A host two days behind the server, and times in the wrong order.
        ("2026-11-20T06:30:00Z", "2026-11-19T06:30:00Z", 172_800, "2026-11-18T00:00:00", "2026-11-23T23:59:59"),
        ("2026-11-22T06:30:00Z", "2026-11-22T06:30:00Z", -86_400, "2026-11-20T00:00:00", "2026-11-23T23:59:59"),
        // Nonsense widens it and loses nothing.
        ("2026-11-22T06:30:00Z", "2026-11-22T06:30:00Z", i64::MAX, "2026-11-21T00:00:00", "9999-12-31T23:59:59"),
    ] {
        let window = Window::around(at(first), at(last), SignedDuration::from_secs(ahead), &india());
        let expected = (from.parse::<DateTime>().unwrap(), to.parse::<DateTime>().unwrap());
        assert_eq!(window.bounds, Some(expected), "{first} {last} {ahead}");
    }
}

#[test]
fn many_lines_find_theirs_among_many_records() {
    let list = (0..20_000).map(
        |number| json!({"invoiceId": format!("CIN{number}"), "invoiceNumber": format!("A{number}"), "netAmount": 118}),
    );
    let found = FoundIndex::new(operation("invoices create"), records(list.collect()), &india());
    let numbers: Vec<String> = (0..1_000).map(|number| format!("a{},118.00", number * 20)).collect();
    let lines = sent_lines(format!("invoiceNumber,netAmount\n{}\n", numbers.join("\n")).as_bytes());
    for (number, line) in lines.iter().enumerate() {
        let expected = Seen::Ours { remote_id: Some(format!("CIN{}", number * 20)) };
        assert_eq!(seen(operation("invoices create"), SELLER, line, &found), expected);
    }
    assert!(!found.is_empty());
}

#[test]
fn an_accepted_row_proves_a_search_only_under_the_key_of_its_kind() {
    let invoices = operation("invoices create");
    let line = &sent_lines(b"invoiceNumber,baseAmount\nA1,1.00\n")[0];
    for (found, id, expected) in [
        (json!([{"invoiceId": "CIN1", "invoiceNumber": "a1"}]), Some("CIN1"), true),
        (json!([{"invoiceId": "CIN1", "invoiceNumber": "a1"}]), None, true),
        (json!([{"invoiceNumber": "a1"}]), Some("CIN1"), true),
        // Changed meanwhile, and still recognised.
        (json!([{"invoiceId": "CIN1", "invoiceNumber": "A1", "baseAmount": 2}]), Some("CIN1"), true),
        (json!([{"invoiceId": "CIN2", "invoiceNumber": "A1"}]), Some("CIN1"), false),
        // The record is there, but its number is not shown: no line could be recognised.
        (json!([{"invoiceId": "CIN1"}]), Some("CIN1"), false),
        (json!([{"invoiceId": "CIN1", "invoiceNumber": "INV/A1"}]), Some("CIN1"), false),
        (json!([]), Some("CIN1"), false),
    ] {
        let index = FoundIndex::new(invoices, records(found.clone()), &india());
        assert_eq!(shows(invoices, SELLER, line, id, &index), expected, "{found}");
    }
    for (name, body, expected) in [
        ("invoices create", "invoiceNumber,externalId\nA1,x\n", Some(KeyKind::Number)),
        ("invoices create", "invoiceNumber,externalId\n,x\n", Some(KeyKind::External)),
        ("invoices create", "poNumber\nx\n", None),
        ("customers create", "uniqueRefNo,panOrGstin\nC1,x\n", Some(KeyKind::Reference)),
        ("customers create", "uniqueRefNo,panOrGstin\n,AAPFU0939F\n", Some(KeyKind::TaxNumber)),
        ("customers create", "keyContactLegalName,keyContactMobile\nAsha,9876543210\n", Some(KeyKind::Person)),
        ("customers create", "keyContactLegalName,keyContactMobile\nAsha,\n", None),
        ("customers update", "customerId,legalName\nKC9B2X7M4Q1Z8T6D,Asha\n", Some(KeyKind::Id)),
    ] {
        assert_eq!(key_kind(operation(name), &sent_lines(body.as_bytes())[0]), expected, "{body}");
    }
}
