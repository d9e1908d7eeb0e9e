//! What is known of each built-in comic. To add one, put its drawing into `comics/` and an entry at the end:
//! an entry's place is its number, so none may move or go.

use time::Date;
use time::macros::date;

/// A comic that comes with the program.
pub(super) struct Entry {
    /// The name of its drawing, without the ending.
    pub(super) name: &'static str,
    /// Its drawing.
    pub(super) svg: &'static [u8],
    pub(super) published: Date,
    pub(super) title: &'static str,
    /// A second joke, shown when the pointer rests on the drawing.
    pub(super) caption: &'static str,
    /// What is drawn and said, for those who can't see it.
    pub(super) transcript: &'static str,
}

macro_rules! entry {
    ($name:literal, $published:expr, $title:literal, $caption:literal, $transcript:literal $(,)?) => {
        Entry {
            name: $name,
            svg: include_bytes!(concat!("../../comics/", $name, ".svg")),
            published: $published,
            title: $title,
            caption: $caption,
            transcript: $transcript,
        }
    };
}

/// All of them, in the order of their numbers.
pub(super) const ENTRIES: &[Entry] = &[
    entry!(
        "01-exact-count",
        date!(2026 - 01 - 05),
        "Exact Count",
        "A third count would have settled it at 1,806.",
        "Four panels. A woman with a bun talks to a man who holds a tally counter.\n\
         Woman: How many visitors today? Man: Exactly 1,204.\n\
         Woman: Are you sure? Man: I counted twice.\n\
         Woman: And you got 1,204 both times?\n\
         Man, still smiling: No. 602.",
    ),
    entry!(
        "02-unknown-error",
        date!(2026 - 01 - 14),
        "Unknown Error",
        "It has been a regular here for years. Nobody ever asked its name.",
        "A window with the heading: Error. In it a small round creature with feelers and a bow tie waves.\n\
         The text beside it: An unknown error has occurred. Shall we introduce you?\n\
         Two buttons: Delighted. I'm shy.",
    ),
    entry!(
        "03-cache",
        date!(2026 - 01 - 23),
        "Cache",
        "He also knows what's for dinner. It is what was for dinner.",
        "Two panels. A woman with curly hair and a man with glasses on either side of a closed fridge. \
         A note on its door says: Milk OK.\n\
         Woman: Is the milk still good? Man: Yes.\n\
         Woman: You didn't even look. Man: That is why I'm so fast.",
    ),
    entry!(
        "04-should-i-rewrite-it",
        date!(2026 - 02 - 02),
        "Should I Rewrite It?",
        "Each trip around the loop takes eighteen months and adds one new logo.",
        "A flow chart. It begins with: This code is ugly.\n\
         A question follows: Do you know why it is so ugly?\n\
         Yes leads to: Leave it.\n\
         No leads to: Rewrite it, and from there to: Now yours is ugly and you know why, which leads back to the \
         question.",
    ),
    entry!(
        "05-health-check",
        date!(2026 - 02 - 11),
        "Health Check",
        "The work went to the other two, who now take turns not answering.",
        "Four panels. A man with glasses and a clipboard stands before a woman at a desk with a computer.\n\
         Man: Are you healthy? Woman: Yes.\n\
         Man: Are you healthy? Woman: Yes. Please let me work.\n\
         Man: Are you healthy? She works on, her eyes closed. Man: No answer. Go home.\n\
         She lies in a deck chair in the sun, a drink in her hand. Voice from outside: Are you healthy? \
         Woman: Never better.",
    ),
    entry!(
        "06-indexing",
        date!(2026 - 02 - 20),
        "Indexing",
        "The lift takes ranges: it goes up to the floor you asked for, but doesn't include it.",
        "A house cut open, with a telephone call on each of its four floors, numbered 2, 1, 0 and, below the \
         ground, −1.\n\
         Floor 2: I'm on the last floor.\n\
         Floor 1: I'm on the first floor.\n\
         Floor 0: No, this is the first.\n\
         Floor −1: And this is the last.",
    ),
    entry!(
        "07-rubber-duck",
        date!(2026 - 03 - 03),
        "Rubber Duck",
        "Nobody knows whom the rubber programmer talks to.",
        "Three panels. A man at a desk with a laptop talks to a rubber duck.\n\
         Man: And if the list is empty, the loop... Oh! Thank you!\n\
         At night the duck is alone on the desk and talks to a small rubber man.\n\
         Duck: Every day he asks me things and I don't know the answer.\n\
         Duck: I say nothing, he is happy, and... Oh! Thank you!",
    ),
    entry!(
        "08-confidence",
        date!(2026 - 03 - 12),
        "Confidence",
        "The question was about something else entirely. By then three people had begun to roll back.",
        "A chart with the heading: How sure I am that the bug is fixed, over time.\n\
         The line climbs to: Found it! It falls to: Or did I? It climbs past: Tests pass, to its peak: Shipped! \
         A man stands there with his arms in the air.\n\
         Then it drops straight to nothing. An arrow names the place: \"Hi! Quick question\".",
    ),
    entry!(
        "09-one-time-for-all",
        date!(2026 - 03 - 24),
        "One Time for All",
        "Carried unanimously at 12:00, 17:30 and 00:45.",
        "Three panels with the same three people.\n\
         The one in the middle: What if the whole world used one single time?\n\
         All with their arms up: Brilliant! So simple! At last!\n\
         All three, no longer smiling: Mine. Mine. Mine.",
    ),
    entry!(
        "10-two-kinds-of-code",
        date!(2026 - 04 - 02),
        "Two Kinds of Code",
        "Everything outside both circles is called the platform.",
        "Two circles that overlap.\n\
         The left one: Code that I understand. The right one: Code that works.\n\
         Where they overlap: The file that we cleaned up last week.",
    ),
    entry!(
        "11-error-bar",
        date!(2026 - 04 - 13),
        "The Error Bar",
        "Given enough guests, the evening is normal.",
        "Three panels in a bar. Its sign says: The Error Bar. Stools and counter are decorated with error bars.\n\
         Guest with glasses: One beer, plus or minus two.\n\
         Woman behind the counter: And if it's minus one?\n\
         Guest, putting a beer on the counter: Then I bring you a beer.",
    ),
    entry!(
        "12-drawn-to-scale",
        date!(2026 - 04 - 24),
        "Drawn to Scale",
        "Time remaining: five seconds. It has said so since the flower was a seed.",
        "The heading: Progress bar, drawn to scale. A narrow coloured stretch at the left of a long bar is \
         marked: 0 to 99%. All the rest is marked: 99 to 100%.\n\
         A man sits at its beginning: Nearly done! Further on a flower has grown tall. Near the end sits the same \
         man with a long beard, and a girl asks: Is it done? Man: Almost.",
    ),
    entry!(
        "13-deadlock",
        date!(2026 - 05 - 05),
        "Deadlock",
        "Being the victim is easy. You only have to be polite all over again.",
        "Four panels. A man and a woman wait on either side of a closed door.\n\
         Man: After you. Woman: No, after you.\n\
         The same words again. Cobwebs have grown between them and the door.\n\
         A man with glasses stands before the door and says to the first man: You were never here.\n\
         The door is open and the woman is gone. The first man has come back, and another woman waits across from \
         him. Man: After you. Woman: No, after you.",
    ),
    entry!(
        "14-cloud-watching",
        date!(2026 - 05 - 18),
        "Cloud Watching",
        "It began the morning as a small wisp, free of charge for the first twelve months.",
        "Two panels. Two people sit on a hill and look at the sky.\n\
         A cloud has two long ears. Woman: That one looks like a rabbit.\n\
         The next cloud is a tall sheet with the lines: Compute, storage, egress, misc, each with more dollar \
         signs than the one before, and an unreadable total. Man: That one looks like our bill.",
    ),
    entry!(
        "15-map-of-the-code-base",
        date!(2026 - 05 - 29),
        "A Map of the Code Base",
        "The bridge was removed for lack of use. It is now known who used it.",
        "A map of an island.\n\
         In the north the swamp of config and the mountains: Mt. Rewrite (unclimbed).\n\
         In the south a dragon: Dragons (the build needs them). Beside it the bay of TODO, and a lighthouse: \
         The one test.\n\
         All around it the sea of tickets.",
    ),
    entry!(
        "16-estimate",
        date!(2026 - 06 - 10),
        "Estimate",
        "The meeting about how to try it has been put down for three weeks.",
        "Four panels. A woman with a bun asks a woman with curly hair.\n\
         How long will this take? Two weeks.\n\
         And if we all help? Four weeks.\n\
         And if we meet every morning? Six weeks.\n\
         And if we leave you alone? With wide eyes: Nobody has ever tried.",
    ),
    entry!(
        "17-random",
        date!(2026 - 06 - 23),
        "Random",
        "The dots on the left would like it known that they are not a face.",
        "Two boxes of dots.\n\
         The left one, with clumps and gaps, has the heading: Really random. A man points out: A pattern!\n\
         The right one, nearly a grid, has the heading: Carefully spread. A woman is pleased: So random!",
    ),
    entry!(
        "18-nightly-backup",
        date!(2026 - 07 - 07),
        "Nightly Backup",
        "He landed in a haystack, which turned out to be a full copy from last spring.",
        "Three panels. In a plane a woman talks to a man with a parachute on his back.\n\
         Woman: Is your parachute OK? Man: Packed fresh every night!\n\
         Woman: Has it ever opened? Man: It has never had to!\n\
         He falls through the air with wide eyes. Out of his pack comes only a sign: Packed: OK. Contents: none.",
    ),
    entry!(
        "19-hash-table",
        date!(2026 - 07 - 21),
        "Hash Table",
        "The spoon is in the next drawer that was free.",
        "Three panels. A chest of five drawers, numbered from 0 to 4.\n\
         Man with glasses: No labels. I hash the name and find anything at once. Woman: My keys?\n\
         Man: Keys... That's drawer 3.\n\
         Drawer 3 is open and a steaming bowl stands in it. Woman: This is soup. Man: A collision.",
    ),
    entry!(
        "20-consent",
        date!(2026 - 08 - 04),
        "Consent",
        "There is a way to decline, but then she looks so sad.",
        "Two panels. A grandmother with a plate of cookies and a young man.\n\
         Grandmother: Accept my cookies? Man: Only the necessary ones, thank you.\n\
         Grandmother: Dear, they are all necessary. Her plate is still full, and the man holds a tower of cookies \
         as tall as his head.",
    ),
];
