//! The counts: seen, found, corrected, removed, exported, and the history of it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::Site;
use crate::support::{Browser, VIEWER, value_of, values_of};

/// The numbers on a page of the list, in order.
fn numbers(page: &str) -> Vec<u32> {
    let links = page.split(r#"<th scope="row" class="number"><a href="/admin/comics/"#).skip(1);
    links.map(|rest| rest.split('/').next().unwrap().parse().unwrap()).collect()
}

/// The address behind a link of a text.
fn link(page: &str, text: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!(">{text}</a>"))?;
    let (_, address) = before.rsplit_once("href=\"")?;
    Some(address.trim_end_matches('"').replace("&amp;", "&").replace("&#x2F;", "/").replace("&#x3D;", "="))
}

#[test]
fn the_list_has_number_title_and_views() {
    let site = Site::with_rows(3);
    let page = site.superuser().get("/admin/comics/").text();
    assert_eq!(numbers(&page), [1_000_001, 1_000_002, 1_000_003]);
    assert!(page.contains(r#"data-views="3">3</td>"#) && page.contains("<bdi>Exact Count</bdi>"), "{page}");
}

#[test]
fn it_is_sorted_by_number_or_views_either_way() {
    let site = Site::with_rows(5);
    site.database().run("UPDATE comic_views SET view_count = 100 WHERE comic_number = 1000002");
    let mut browser = site.superuser();
    for (order, expected) in [
        ("number", [1, 2, 3, 4, 5]),
        ("-number", [5, 4, 3, 2, 1]),
        ("views", [1, 3, 4, 5, 2]),
        ("-views", [2, 5, 4, 3, 1]),
    ] {
        let page = browser.get(&format!("/admin/comics/?order={order}")).text();
        assert_eq!(numbers(&page), expected.map(|number| 1_000_000 + number), "{order}");
        assert_eq!(page.matches("aria-sort").count(), 1, "{order}");
    }
}

#[test]
fn it_is_searched_by_number_and_by_words_of_the_title_and_filtered_by_views() {
    let site = Site::with_rows(20);
    site.database().run("UPDATE comic_views SET view_count = 0 WHERE comic_number = 1000007");
    let mut browser = site.superuser();
    let mut found = |query: &str| numbers(&browser.get(&format!("/admin/comics/?{query}")).text());
    assert_eq!(found("q=1000003"), [1_000_003]);
    assert_eq!(found("q=%231000003"), [1_000_003]);
    assert_eq!(found("q=COUNT+exact"), [1_000_001]);
    assert_eq!(found("q=no+such+title"), [0; 0]);
    assert_eq!(found("most=0"), [1_000_007]);
    assert_eq!(found("least=19"), [1_000_019, 1_000_020]);
    assert_eq!(found("least=4&most=6&order=-views"), [1_000_006, 1_000_005, 1_000_004]);
    assert_eq!(found("least=&most=&order=sideways&after=x.y").len(), 20, "an order that is none is not said");
}

#[test]
fn a_filter_that_cannot_be_read_finds_nothing_and_not_everything() {
    let site = Site::with_rows(3);
    let mut browser = site.superuser();
    for path in [
        "/admin/comics/?least=x",
        "/admin/comics/?most=-1",
        "/admin/comics/export.csv?least=x",
        "/admin/history/?comic=404",
        "/admin/history/?comic=x",
        "/admin/history/?before=x",
    ] {
        let answer = browser.get(path);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text().contains("That was not understood"), "{path}: {}", answer.text());
    }
}

#[test]
fn its_pages_give_each_of_3300_rows_once_in_every_order_and_go_the_same_way_back() {
    let site = Site::new();
    site.add_rows(0, 3_301);
    site.database().run("UPDATE comic_views SET view_count = view_count / 10");
    let mut browser = site.superuser();
    for order in ["number", "-number", "views", "-views"] {
        let mut address = format!("/admin/comics/?order={order}&least=0");
        let (mut there, mut pages) = (Vec::new(), Vec::new());
        loop {
            let page = browser.get(&address).text();
            there.extend(numbers(&page));
            pages.push(numbers(&page));
            match link(&page, "Next page") {
                Some(next) => address = next,
                None => break,
            }
        }
        let mut sorted = there.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!((there.len(), sorted.len()), (3_300, 3_300), "{order}");
        for earlier in pages.iter().rev().skip(1) {
            let page = browser.get(&address).text();
            address = link(&page, "Previous page").unwrap();
            assert_eq!(numbers(&browser.get(&address).text()), *earlier, "{order}");
        }
        assert_eq!(link(&browser.get(&address).text(), "Previous page"), None);
    }
}

#[test]
fn a_change_adds_the_difference_to_what_came_in_meanwhile() {
    let site = Site::with_rows(1);
    let database = site.database();
    database.run("UPDATE comic_views SET view_count = 90");
    let mut browser = site.superuser();
    let form = browser.get("/admin/comics/1000001/").text();
    for _ in 0..5 {
        assert_eq!(site.app.get("/1000001/").status, 200);
    }
    let fields: Vec<_> =
        ["csrf_token", "seen", "version"].iter().map(|name| (*name, value_of(&form, name))).collect();
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("views", "1,00"));
    let answer = browser.post("/admin/comics/1000001/", &fields);
    assert_eq!(answer.header("location"), Some("/admin/comics/1000001/?done=changed"));
    assert_eq!(database.number("SELECT view_count FROM comic_views"), 105);
    let page = browser.get("/admin/comics/1000001/?done=changed").text();
    assert!(page.contains("The count was changed.") && page.contains(r#"data-views="105""#), "{page}");
    for told in ["<bdi>ada</bdi>", "Changed", ">90<", ">100<", ">+10<"] {
        assert!(page.contains(told), "{told}: {page}");
    }
}

#[test]
fn what_is_no_count_is_refused_and_kept_in_the_form() {
    let site = Site::with_rows(1);
    let mut browser = site.superuser();
    for wrong in ["", "-5", "1.5", "many", "9223372036854775808"] {
        let fields = [("seen", "1"), ("version", "0"), ("views", wrong)];
        let answer = browser.submit("/admin/comics/1000001/", "/admin/comics/1000001/", &fields);
        assert_eq!(answer.status, 422, "{wrong}");
        assert!(answer.text().contains(&format!(r#"name="views" value="{wrong}""#)), "{}", answer.text());
    }
    assert_eq!(site.database().number("SELECT count(*) FROM view_history"), 0);
}

#[test]
fn the_second_of_two_admins_sees_both_values_and_decides() {
    let site = Site::with_rows(1);
    let (mut first, mut second) = (site.superuser(), site.superuser());
    let opened = second.get("/admin/comics/1000001/").text();
    let fields = [("seen", "1"), ("version", "0"), ("views", "50")];
    assert_eq!(first.submit("/admin/comics/1000001/", "/admin/comics/1000001/", &fields).status, 303);

    let token = value_of(&opened, "csrf_token");
    let fields = [("csrf_token", token.as_str()), ("seen", "1"), ("version", "0"), ("views", "70")];
    let answer = second.post("/admin/comics/1000001/", &fields);
    let page = answer.text();
    assert_eq!(answer.status, 409);
    assert!(page.contains("You wanted</th><td class=\"number\">70<"), "{page}");
    assert!(page.contains("It is now</th><td class=\"number\">50<"), "{page}");
    assert_eq!(site.database().number("SELECT view_count FROM comic_views"), 50);

    // Sent again it is done.
    let again: Vec<_> =
        ["csrf_token", "seen", "version", "views"].iter().map(|it| (*it, value_of(&page, it))).collect();
    let again: Vec<_> = again.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(second.post("/admin/comics/1000001/", &again).status, 303);
    assert_eq!(site.database().number("SELECT view_count FROM comic_views"), 70);
}

#[test]
fn what_another_admin_changed_is_a_conflict_also_for_who_wants_what_was_seen() {
    let site = Site::with_rows(2);
    let mut browser = site.superuser();
    let mut send = |seen, version, views| {
        let fields = [("seen", seen), ("version", version), ("views", views)];
        browser.submit("/admin/comics/1000002/", "/admin/comics/1000002/", &fields)
    };
    let unchanged = Some("/admin/comics/1000002/?done=unchanged");
    assert_eq!(send("2", "0", "2").header("location"), unchanged);
    assert_eq!(send("2", "0", "50").status, 303);
    let answer = send("2", "0", "2");
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("It is now</th><td class=\"number\">50<"), "{}", answer.text());
    // Nobody can have seen more than there is: views only come in.
    assert_eq!(send("51", "1", "60").status, 409);
    assert_eq!(site.database().number("SELECT view_count FROM comic_views WHERE comic_number = 1000002"), 50);
}

#[test]
fn who_changes_a_row_that_was_deleted_meanwhile_is_told_and_may_add_it() {
    let site = Site::with_rows(1);
    let (mut first, mut second) = (site.superuser(), site.superuser());
    let opened = second.get("/admin/comics/1000001/").text();
    let fields = [("action", "delete"), ("confirmed", "yes"), ("row", "1000001.0.1")];
    assert_eq!(first.submit("/admin/comics/", "/admin/comics/bulk/", &fields).status, 303);

    let token = value_of(&opened, "csrf_token");
    for (token, views) in [(token.as_str(), "70"), (token.as_str(), "many"), ("old", "70")] {
        let fields = [("csrf_token", token), ("seen", "1"), ("version", "0"), ("views", views)];
        let answer = second.post("/admin/comics/1000001/", &fields);
        let page = answer.text();
        assert_eq!(answer.status, 409, "{views}");
        assert!(page.contains("deleted this row"), "{page}");
        assert_eq!(
            page.contains("It is now</th><td class=\"number\">deleted<"),
            views == "70" && token != "old"
        );
        assert_eq!([value_of(&page, "number"), value_of(&page, "views")], ["1000001", views]);
    }
    let fields = [("number", "1000001"), ("views", "70")];
    assert_eq!(second.submit("/admin/comics/add/", "/admin/comics/add/", &fields).status, 303);
    assert_eq!(site.database().number("SELECT view_count FROM comic_views"), 70);
}

#[test]
fn after_many_rows_were_changed_the_list_is_the_one_they_were_selected_in() {
    let site = Site::with_rows(5);
    let mut browser = site.superuser();
    let list = browser.get("/admin/comics/?least=2&order=-views&q=1000003").text();
    let (row, list) = (value_of(&list, "row"), value_of(&list, "list").replace("&amp;", "&"));
    let fields = [("action", "reset"), ("row", row.as_str()), ("list", &list)];
    let page = browser.submit("/admin/comics/", "/admin/comics/bulk/", &fields).text();
    let address = "/admin/comics/?q=1000003&least=2&order=-views";
    assert_eq!(link(&page, "Leave them as they are").as_deref(), Some(address));
    let list = value_of(&page, "list").replace("&amp;", "&");
    let fields = [("action", "reset"), ("confirmed", "yes"), ("row", row.as_str()), ("list", &list)];
    let answer = browser.submit("/admin/comics/", "/admin/comics/bulk/", &fields);
    assert_eq!(answer.header("location"), Some(format!("{address}&done=reset").as_str()));
    assert_eq!(browser.get(answer.header("location").unwrap()).status, 200);
    let fields = [("action", "reset"), ("list", "https://evil.example/?least=x")];
    let answer = browser.submit("/admin/comics/", "/admin/comics/bulk/", &fields);
    assert_eq!(answer.header("location"), Some("/admin/comics/?done=nothing"));
}

#[test]
fn a_row_is_added_for_a_comic_that_has_none() {
    let site = Site::with_rows(1);
    let mut browser = site.superuser();
    let mut add = |number: &str, views: &str| {
        browser.submit("/admin/comics/add/", "/admin/comics/add/", &[("number", number), ("views", views)])
    };
    let answer = add("1000005", "42");
    assert_eq!(answer.header("location"), Some("/admin/comics/1000005/?done=added"));
    assert_eq!(site.database().number("SELECT view_count FROM comic_views WHERE comic_number = 1000005"), 42);
    let history = site.superuser().get("/admin/history/?comic=1000005").text();
    assert!(history.contains("<td>Added</td>\n<td class=\"number\">none</td>"), "{history}");
    let answer = add("1000001", "42");
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("/admin/comics/1000001/"), "{}", answer.text());
    for (number, views) in [("404", "1"), ("1000999", "1"), ("x", "1"), ("1000006", "-1"), ("", "")] {
        assert_eq!(add(number, views).status, 422, "{number} {views}");
    }
    assert_eq!(site.database().number("SELECT count(*) FROM comic_views"), 2);
    assert_eq!(site.app.get("/1000005/").views(), Some(43));
}

#[test]
fn many_rows_are_reset_or_deleted_once_the_page_that_lists_them_is_confirmed() {
    let site = Site::with_rows(5);
    let database = site.database();
    let mut browser = site.superuser();
    for (action, done) in [("reset", "reset"), ("delete", "deleted")] {
        let list = browser.get("/admin/comics/").text();
        let rows = values_of(&list, "row");
        let token = value_of(&list, "csrf_token");
        let mut fields = vec![("csrf_token", token.as_str()), ("action", action)];
        fields.extend(rows[1..4].iter().map(|row| ("row", row.as_str())));
        let before = database.number("SELECT sum(view_count) + count(*) FROM comic_views");
        let confirm = browser.post("/admin/comics/bulk/", &fields);
        let page = confirm.text();
        assert_eq!(confirm.status, 200);
        for number in [1_000_002, 1_000_003, 1_000_004] {
            assert!(page.contains(&format!(">{number}</th>")), "{number}: {page}");
        }
        assert_eq!(database.number("SELECT sum(view_count) + count(*) FROM comic_views"), before);

        assert_eq!(site.app.get("/1000003/").status, 200);
        let listed = values_of(&page, "row");
        let mut fields = vec![("csrf_token", token.as_str()), ("action", action), ("confirmed", "yes")];
        fields.extend(listed.iter().map(|row| ("row", row.as_str())));
        let answer = browser.post("/admin/comics/bulk/", &fields);
        assert_eq!(answer.header("location"), Some(format!("/admin/comics/?done={done}").as_str()));
    }
    // What came in between the page and its confirmation stayed at the reset, and went with the row.
    assert_eq!(database.number("SELECT count(*) FROM comic_views"), 2);
    let deltas = "SELECT delta FROM view_history WHERE comic_number = 1000003 ORDER BY id";
    assert_eq!(database.number(&format!("{deltas} LIMIT 1")), -3);
    assert_eq!(database.number(&format!("{deltas} LIMIT 1 OFFSET 1")), -2);
    assert_eq!(site.app.get("/1000003/").views(), Some(1));
    let sums = "SELECT (SELECT sum(view_count) FROM comic_views) - (SELECT sum(views) FROM daily_views)
                     - (SELECT sum(delta) FROM view_history)";
    assert_eq!(database.number(sums), 0);
}

#[test]
fn of_many_rows_none_is_touched_when_one_changed_meanwhile() {
    let site = Site::with_rows(5);
    let mut browser = site.superuser();
    let fields = [("seen", "2"), ("version", "0"), ("views", "9")];
    assert_eq!(browser.submit("/admin/comics/1000002/", "/admin/comics/1000002/", &fields).status, 303);
    for action in ["reset", "delete"] {
        let fields =
            [("action", action), ("confirmed", "yes"), ("row", "1000001.0.1"), ("row", "1000002.0.2")];
        let answer = browser.submit("/admin/comics/", "/admin/comics/bulk/", &fields);
        assert_eq!(answer.status, 409, "{action}");
        assert_eq!(values_of(&answer.text(), "row").len(), 2, "{}", answer.text());
    }
    assert_eq!(site.database().number("SELECT sum(view_count) FROM comic_views"), 1 + 9 + 3 + 4 + 5);
}

#[test]
fn a_stale_form_is_not_done_and_comes_back_with_what_was_in_it() {
    let site = Site::with_rows(2);
    let mut browser = site.superuser();
    let fields = [("csrf_token", "old"), ("seen", "1"), ("version", "0"), ("views", "777")];
    let answer = browser.post("/admin/comics/1000001/", &fields);
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains(r#"name="views" value="777""#), "{}", answer.text());
    let answer = browser.post("/admin/comics/add/", &[("number", "1000009"), ("views", "5")]);
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains(r#"name="number" value="1000009""#), "{}", answer.text());
    let fields = [("action", "delete"), ("confirmed", "yes"), ("row", "1000001.0.1")];
    let answer = browser.post("/admin/comics/bulk/", &fields);
    assert_eq!((answer.status, values_of(&answer.text(), "row").len()), (403, 1));
    assert_eq!(site.database().number("SELECT count(*) FROM view_history"), 0);
}

#[test]
fn the_history_tells_who_when_what_old_and_new_per_row_and_overall() {
    let site = Site::with_rows(3);
    let mut browser = site.superuser();
    for (number, seen) in [(1_000_001, "1"), (1_000_002, "2")] {
        let path = format!("/admin/comics/{number}/");
        assert_eq!(
            browser.submit(&path, &path, &[("seen", seen), ("version", "0"), ("views", "1500")]).status,
            303
        );
    }
    let mut viewer = Browser::signed_in(&site.app, VIEWER);
    let all = viewer.get("/admin/history/").text();
    for told in ["<bdi>ada</bdi>", "1000001", "1000002", ">1,500<", "+1,499", "+1,498", " UTC</time>"] {
        assert!(all.contains(told), "{told}: {all}");
    }
    assert!(all.find("?comic=1000002").unwrap() < all.find("?comic=1000001").unwrap(), "the latest is first");
    let one = viewer.get("/admin/history/?comic=1000001").text();
    assert!(one.contains("+1,499") && !one.contains("+1,498"), "{one}");
}

#[test]
fn the_history_has_pages() {
    let site = Site::with_rows(1);
    site.database().run(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 120)
         INSERT INTO view_history (changed_at_ms, changed_by, comic_number, seen, wanted, delta)
         SELECT 1800000000000 + n, 'ada', 1000001, n, n + 1, 1 FROM n",
    );
    let mut browser = site.superuser();
    for start in ["/admin/history/", "/admin/history/?comic=1000001"] {
        let (mut address, mut entries) = (start.to_owned(), 0);
        for _ in 0..3 {
            let page = browser.get(&address).text();
            entries += page.matches("<time ").count();
            address = link(&page, "Earlier").unwrap_or_default();
        }
        assert_eq!((entries, address.as_str()), (120, ""), "{start}");
    }
}

#[test]
fn the_export_has_every_row_of_the_filter_in_its_order() {
    let site = Site::new();
    // More than are read at once.
    site.add_rows(0, 11_000);
    let mut browser = site.superuser();
    let answer = browser.get("/admin/comics/export.csv?least=10900&order=-views");
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"views.csv\""));
    assert!(answer.header("content-type").unwrap().starts_with("text/csv; charset=utf-8"));
    let text = answer.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[1]), (102, "number,title,views", "11000,,11000"));
    assert_eq!(browser.get("/admin/comics/export.csv").text().lines().count(), 11_000);
}

#[test]
fn an_export_in_the_order_of_views_has_each_row_once_while_comics_are_viewed() {
    let site = Site::new();
    site.add_rows(0, 3_300);
    let mut browser = site.superuser();
    let done = AtomicBool::new(false);
    let exports: Vec<_> = thread::scope(|scope| {
        scope.spawn(|| {
            let database = site.database();
            for turn in 0..100_000 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let some = format!("comic_number % 97 = {}", turn % 97);
                database.run(&format!("UPDATE comic_views SET view_count = view_count + 1500 WHERE {some}"));
            }
        });
        let exports = (0..20).map(|_| browser.get("/admin/comics/export.csv?order=views").text()).collect();
        done.store(true, Ordering::Relaxed);
        exports
    });
    for export in exports {
        let numbers = export.lines().skip(1).filter_map(|line| line.split(',').next());
        let (rows, comics) = (numbers.clone().count(), numbers.collect::<BTreeSet<_>>().len());
        assert_eq!((rows, comics), (3_299, 3_299));
    }
}

#[test]
fn a_page_whose_rows_are_gone_says_so_and_leads_back() {
    let site = Site::new();
    site.add_rows(0, 60);
    let mut browser = site.superuser();
    let last = link(&browser.get("/admin/comics/").text(), "Next page").unwrap();
    site.database().run("DELETE FROM comic_views WHERE comic_number > 50");
    let page = browser.get(&last).text();
    assert!(page.contains("There are no rows here any more.") && page.contains(">First page<"), "{page}");
}

#[test]
fn the_dashboard_draws_days_comics_and_their_spread_with_the_figures_beside() {
    let site = Site::with_rows(12);
    site.database()
        .run("INSERT INTO daily_views (day, writer, views) VALUES (date('now', '-3 days'), 'x', 4321)");
    let page = site.superuser().get("/admin/").text();
    for told in [
        "4,321",
        "<svg class=\"days\"",
        "The same as a table",
        "1\u{2013}9 views",
        "9 comics",
        "10\u{2013}99 views",
        "Drawn to Scale",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert_eq!(page.matches("<rect x=").count(), 2);
    let empty = Site::new().superuser().get("/admin/").text();
    assert!(empty.contains("Nothing was viewed yet"), "{empty}");
}
