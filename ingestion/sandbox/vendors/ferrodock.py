"""Ferrodock: shipping and warehouse operations. Customers write in a hurry, from a loading bay."""

from ingestion.sandbox.catalogue import DEFAULT_PIPELINE
from ingestion.sandbox.vendors.base import Topic, Vendor

_BILLING = Topic(
    name="Billing",
    description="Subscription, cost per shipment, invoices and credits.",
    category="BILLING_ISSUE",
    subjects=("Invoice {ref}", "Shipment fees {month}", "Credit for {month}", "VAT on the bill"),
    asks=(
        "What counts as a shipment on the bill, the order or the parcel?",
        "Need the {month} invoice split by depot. Can you do that?",
        "Where do I put our new VAT number?",
        "Does the volume price start at {big} shipments or above it?",
        "Can we pay quarterly from {month} on?",
    ),
    faults=(
        "Invoice {ref} bills {big} shipments. Our own count says {n} thousand less.",
        "Returned parcels are billed as new shipments, {n} pages of them.",
        "Credit for the {month} outage is not on the invoice.",
        "You took the subscription for the closed depot again, month {n} now.",
        "VAT on invoice {ref} is wrong and our bookkeeper cannot post it.",
    ),
    praises=(
        "Billing fixed the split by depot the same day",
        "Volume price came through without us asking, fair play",
        "New invoice layout is spot on",
    ),
)
_LOGIN = Topic(
    name="Login & devices",
    description="Signing in on scanners and desks, device pairing and badges.",
    category="PRODUCT_ISSUE",
    subjects=("Scanner login", "Badge sign-in", "Pairing {n} devices", "Locked accounts"),
    asks=(
        "How do I pair {n} new scanners in one go?",
        "Can agency staff share a badge for one shift?",
        "How long until an idle scanner signs out?",
        "Which ports need opening for device pairing?",
        "Can I unlock an account myself or is that your side?",
    ),
    faults=(
        "Badge sign-in on {n} scanners says {code} since {time}.",
        "Scanners sign out in the middle of a pick, every {n} minutes.",
        "{team} locked out since {day}, unlock button does nothing.",
        "Paired devices vanish from the list overnight.",
        "Sign-in code texts arrive {n} minutes late, shift cannot start.",
    ),
    praises=(
        "Badge sign-in is brilliant, shift starts on time",
        "Pairing the new scanners was dead easy",
        "Lockouts are gone since the update, good work",
    ),
)
_LABELS = Topic(
    name="Labels & printing",
    description="Shipping labels, printers and formats.",
    category="PRODUCT_ISSUE",
    subjects=("Label format", "Printer on dock {n}", "Customs forms", "Reprints"),
    asks=(
        "Which label size does the new carrier want?",
        "Can customs forms go to a second printer?",
        "How do I reprint a whole wave?",
        "Is the {n} inch thermal printer supported?",
        "Where do I change the return address on labels?",
    ),
    faults=(
        "Labels print blank on dock {n} since {day}.",
        "Wrong carrier on {big} labels, whole wave had to be relabelled by hand.",
        "Printer queue hangs at {time} every day and comes back when it likes.",
        "Customs forms lose the second page, parcels sent back from the border.",
        "Barcodes print too light, carrier refuses them.",
    ),
    praises=(
        "Label printing has not missed a beat since the fix",
        "Customs forms on the second printer, works a treat",
        "Reprinting a wave is great, saved us on {day}",
    ),
)
_CARRIERS = Topic(
    name="Carrier integrations",
    description="Connections to carriers, rates, tracking and pick-up bookings.",
    category="PRODUCT_ISSUE",
    subjects=("Carrier connection", "Tracking updates", "Rate table", "Pick-up booking"),
    asks=(
        "How often are carrier rates refreshed?",
        "Can we book a pick-up for two depots at once?",
        "Which tracking events do you pass on to our shop?",
        "What do you need from us to switch on a new carrier?",
        "Is Saturday delivery in the rate table?",
    ),
    faults=(
        "Tracking has not moved for {big} parcels since {day}, customers are ringing us.",
        "Pick-up booked for {time} never reached the carrier, {n} pallets left standing.",
        "Rates in the system are last year's, we lose money on each parcel.",
        "Carrier connection drops with {code} several times a day.",
        "Parcels over {n} kilos go out on the wrong service.",
    ),
    praises=(
        "New carrier was live in a day, superb",
        "Tracking is quick and reliable now",
        "Rate comparison saves us real money every week",
    ),
)
_STOCK = Topic(
    name="Stock & inventory",
    description="Stock levels, counts, locations and transfers.",
    category="PRODUCT_ISSUE",
    subjects=("Cycle count", "Stock level of {n} items", "Transfer between depots", "Locations"),
    asks=(
        "How do I start a cycle count for one aisle?",
        "Can a location hold two batches?",
        "Where do I see stock that is in transit between depots?",
        "What is the quickest way to move {big} items to new locations?",
        "Does a count block picking in the same aisle?",
    ),
    faults=(
        "Stock shows {n} where the shelf has none, pickers walk for nothing.",
        "Transfer from {day} is stuck in transit, goods have been here for {n} days.",
        "Cycle count lost {big} lines when the scanner switched access point.",
        "Negative stock on {n} items after the nightly job.",
        "Locations got swapped in the last update, half an aisle is wrong.",
    ),
    praises=(
        "Cycle counts take half the time, top job",
        "Stock has been right to the piece for weeks",
        "The transfer screen is great, {team} like it",
    ),
)
_API = Topic(
    name="API & webhooks",
    description="Order import by API, webhooks and developer questions.",
    category="PRODUCT_ISSUE",
    subjects=("Order API", "Webhook retries", "API key", "Test environment"),
    asks=(
        "How many orders can go in one API call?",
        "Do webhooks retry, and for how long?",
        "Is there a test environment with carriers in it?",
        "Which field holds the customer's own reference?",
        "Can I get a second API key for the new shop?",
    ),
    faults=(
        "Order API returns {code} for one in {n} calls since {day}.",
        "Webhooks stopped at {time}, our shop shows nothing as shipped.",
        "Orders came in twice, {big} parcels picked double.",
        "API key was reset without notice and the import stood still for {n} hours.",
        "Test environment has been down since {day}.",
    ),
    praises=(
        "API did {big} orders on the sale day without a hiccup, impressive",
        "Webhook log is very handy",
        "Docs are clear, we were live in a day",
    ),
)
_PERFORMANCE = Topic(
    name="Performance",
    description="Slow screens, waiting scanners and outages.",
    category="PRODUCT_ISSUE",
    subjects=("Slow pick screen", "Outage on {day}", "Scanner waits", "Loading time of the wave planner"),
    asks=(
        "Any maintenance planned for the night of {day}?",
        "How many scanners can one access point carry?",
        "Where is the status page?",
        "Would a smaller wave size load quicker?",
        "What are the opening hours of the emergency line?",
    ),
    faults=(
        "Pick screen takes {n} seconds per scan. That is the whole shift gone.",
        "Everything down from {time} on {day}, {n} lorries waiting at the gate.",
        "Wave planner times out with more than {big} orders.",
        "Scanners freeze whenever the morning report runs.",
        "Search for an order takes {n} tries.",
    ),
    praises=(
        "Pick screen is fast now, thanks to whoever did that",
        "Sale day went smoothly, not one freeze",
        "Wave planner handles the big days with ease",
    ),
)
_RETURNS = Topic(
    name="Returns",
    description="Return labels, inspection and refunds to shoppers.",
    category="PRODUCT_ISSUE",
    subjects=("Return labels", "Inspection reasons", "Return portal", "Refund status"),
    asks=(
        "Can we add our own inspection reasons?",
        "How does a shopper get a second return label?",
        "Is there a report of returns by product?",
        "Can returns go to depot {n} only?",
        "When does the refund message go out?",
    ),
    faults=(
        "Return portal shows {code} to shoppers since {day}.",
        "{big} returns scanned in, none of them booked back to stock.",
        "Return labels carry the address of the closed depot.",
        "Refund messages go out before we have even seen the goods.",
        "Inspection photos are gone after {n} days.",
    ),
    praises=(
        "Return portal is a hit with our shoppers",
        "Booking returns is quick and simple",
        "The report by product showed us a bad batch, excellent",
    ),
)
_TRAINING = Topic(
    name="Setup & training",
    description="Go-live, depot setup, training and documentation.",
    category="GENERAL_INQUIRY",
    subjects=("Go-live of depot {n}", "Training for {team}", "Setup checklist", "Peak season plan"),
    asks=(
        "What is left on the go-live list for depot {n}?",
        "Can somebody train {team} on {day}?",
        "Got a one-page guide for agency staff?",
        "Who do we ring in peak season?",
        "How long does a depot move take on your side?",
    ),
    faults=(
        "Go-live of depot {n} moved again, the lease has been running since {month}.",
        "Trainer came without access to our account, {team} stood around.",
        "Guide is for the old screens, agency staff are lost.",
        "Asked for a peak season contact {n} times, got none.",
        "Depot layout was set up mirrored, all locations wrong.",
    ),
    praises=(
        "Go-live of depot {n} was smooth, brilliant crew",
        "Training on {day} was great, short and useful",
        "The one-page guide is perfect for agency staff",
    ),
)
_FEATURES = Topic(
    name="Feature request",
    description="Wishes for things the product does not do yet.",
    category="FEATURE_REQUEST",
    subjects=("Idea for the pick screen", "Wish: split shipments", "Voice picking", "Dock calendar"),
    asks=(
        "Is voice picking planned?",
        "Could the dock calendar show the driver's name?",
        "Any chance of split shipments per carrier?",
        "Would like a bigger font on the pick screen. Possible?",
        "Is a night mode for the desk screens on the list?",
    ),
    faults=(
        "Split shipments were promised for {month}. Still by hand here.",
        "Dock calendar lost the driver field in the last release.",
        "Request {ref} closed with no answer.",
        "We keep a paper list next to the screen because notes do not show.",
        "Voted for voice picking {n} times, nothing moves.",
    ),
    praises=(
        "Bigger font on the pick screen, lovely, thank you",
        "Dock calendar is better than we asked for",
        "Good to see our ideas get built",
    ),
)

FERRODOCK = Vendor(
    slug="ferrodock",
    name="Ferrodock",
    product="Ferrodock",
    plan_tier="starter",
    currency="GBP",
    time_zone="Europe/London",
    ui_domain="app.hubspot.com",
    mrr_property="subscription_value_month",
    renewal_property="renews_on",
    last_login_property="latest_sign_in",
    onboarding_step_property="go_live_step",
    usage_property="shipments_30d",
    usage_label="Shipments, last 30 days (hundreds)",
    industry=("Logistics", "E-commerce", "Wholesale", "Food distribution", "Spare parts"),
    teams=("the night shift", "our pickers", "dock two", "the returns desk", "our depot managers"),
    staff=(
        ("Rhys", "Tolland", False),
        ("Amara", "Eze", False),
        ("Callum", "Braithe", False),
        ("Sunita", "Varma", False),
        ("Owen", "Pell", True),
    ),
    pipelines=(DEFAULT_PIPELINE,),
    customer_words=(
        (
            "Anvil",
            "Bracken",
            "Calder",
            "Dunmore",
            "Eastwick",
            "Fenland",
            "Gantry",
            "Holloway",
            "Irwell",
            "Kingsway",
            "Lowther",
            "Mersey",
            "Nettle",
            "Oakham",
            "Pennine",
            "Ravens",
            "Severn",
            "Trent",
            "Upton",
            "Wharfe",
        ),
        ("Freight", "Parts", "Wholesale", "Foods", "Direct", "Supplies", "Textiles", "Couriers", "Trading", "Depot"),
    ),
    topics=(
        _BILLING,
        _LOGIN,
        _LABELS,
        _CARRIERS,
        _STOCK,
        _API,
        _PERFORMANCE,
        _RETURNS,
        _TRAINING,
        _FEATURES,
    ),
)
"""Shipping and warehouse operations, billed in pounds."""
