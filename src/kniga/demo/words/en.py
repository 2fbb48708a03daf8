"""English words of the made department."""

from __future__ import annotations

from typing import Final

from kniga.demo.words import Good, Words

_RACKS = "Racking"
_FORKLIFTS = "Forklifts"
_STACKERS = "Stackers"
_TROLLEYS = "Trucks and lifts"
_CONTAINERS = "Containers and packing"
_DOCKS = "Doors and docks"
_SERVICES = "Services"

GOODS: Final = (
    Good("Pallet rack P90, 3 levels", _RACKS, "set", 340, 8, 60),
    Good("Pallet rack P100, 4 levels", _RACKS, "set", 430, 8, 50),
    Good("Pallet rack P120, 5 levels", _RACKS, "set", 560, 6, 40),
    Good("Selective rack SR2000", _RACKS, "set", 510, 6, 40),
    Good("Drive-in rack D4", _RACKS, "set", 860, 3, 16),
    Good("Drive-in rack D6", _RACKS, "set", 1150, 2, 12),
    Good("Gravity flow rack G3", _RACKS, "set", 2200, 1, 8),
    Good("Cantilever rack C1500", _RACKS, "set", 640, 2, 20),
    Good("Cantilever rack C3000", _RACKS, "set", 920, 2, 14),
    Good("Shelving S200", _RACKS, "set", 130, 10, 80),
    Good("Shelving S300", _RACKS, "set", 165, 10, 70),
    Good("Archive shelving A100", _RACKS, "set", 105, 10, 90),
    Good("Longspan shelving L500", _RACKS, "set", 235, 8, 60),
    Good("Two-tier mezzanine", _RACKS, "m2", 180, 60, 600),
    Good("Mobile racking M8", _RACKS, "set", 3950, 1, 5),
    Good("Beam 2700 mm", _RACKS, "piece", 44, 20, 200),
    Good("Frame 5000 mm", _RACKS, "piece", 148, 10, 90),
    Good("Corner guard", _RACKS, "piece", 27, 10, 80),
    Good("Steel decking", _RACKS, "piece", 36, 20, 150),
    Good("Electric forklift E15, 1.5 t", _FORKLIFTS, "piece", 19800, 1, 3),
    Good("Electric forklift E20, 2 t", _FORKLIFTS, "piece", 24600, 1, 3),
    Good("Electric forklift E30, 3 t", _FORKLIFTS, "piece", 31900, 1, 2),
    Good("Diesel forklift D25, 2.5 t", _FORKLIFTS, "piece", 22800, 1, 3),
    Good("Diesel forklift D35, 3.5 t", _FORKLIFTS, "piece", 28600, 1, 2),
    Good("Gas forklift G18", _FORKLIFTS, "piece", 20900, 1, 2),
    Good("Three-wheel forklift T16", _FORKLIFTS, "piece", 17700, 1, 2),
    Good("Used forklift, 1.5 t", _FORKLIFTS, "piece", 9900, 1, 2),
    Good("Traction battery 48 V", _FORKLIFTS, "piece", 2750, 1, 4),
    Good("Charger C48", _FORKLIFTS, "piece", 860, 1, 4),
    Good("Hand stacker H10", _STACKERS, "piece", 790, 1, 6),
    Good("Semi-electric stacker SE10", _STACKERS, "piece", 1720, 1, 5),
    Good("Powered stacker PS12", _STACKERS, "piece", 4450, 1, 4),
    Good("Powered stacker PS16", _STACKERS, "piece", 5380, 1, 4),
    Good("Platform stacker PL20", _STACKERS, "piece", 7050, 1, 3),
    Good("Reach truck R14, lift 8 m", _STACKERS, "piece", 27000, 1, 2),
    Good("Reach truck R16, lift 10 m", _STACKERS, "piece", 33200, 1, 2),
    Good("Order picker OP1", _STACKERS, "piece", 10800, 1, 3),
    Good("Pallet truck PT2000", _TROLLEYS, "piece", 250, 1, 15),
    Good("Pallet truck PT2500", _TROLLEYS, "piece", 285, 1, 15),
    Good("Weighing truck W2000", _TROLLEYS, "piece", 680, 1, 6),
    Good("Powered truck PW15", _TROLLEYS, "piece", 2020, 1, 6),
    Good("Powered truck PW20", _TROLLEYS, "piece", 2630, 1, 5),
    Good("Platform trolley 300 kg", _TROLLEYS, "piece", 112, 2, 25),
    Good("Lift table LT1000", _TROLLEYS, "piece", 1060, 1, 4),
    Good("Mast lift ML8", _TROLLEYS, "piece", 3650, 1, 2),
    Good("Wooden pallet 1200×800", _CONTAINERS, "piece", 11, 100, 1500),
    Good("Plastic pallet 1200×800", _CONTAINERS, "piece", 44, 30, 500),
    Good("Folding mesh container", _CONTAINERS, "piece", 220, 5, 80),
    Good("Plastic box 600×400", _CONTAINERS, "piece", 13, 50, 800),
    Good("Stretch film, 2 kg roll", _CONTAINERS, "piece", 12, 50, 600),
    Good("Pallet wrapper PW1", _CONTAINERS, "piece", 5600, 1, 2),
    Good("Strapping coil", _CONTAINERS, "piece", 39, 10, 120),
    Good("Sectional industrial door", _DOCKS, "piece", 2140, 1, 6),
    Good("Dock leveller DL60", _DOCKS, "piece", 3930, 1, 6),
    Good("Dock shelter", _DOCKS, "piece", 1130, 1, 6),
    Good("Mobile ramp MR8", _DOCKS, "piece", 6020, 1, 2),
    Good("PVC curtain", _DOCKS, "m2", 54, 6, 60),
    Good("Warehouse layout design", _SERVICES, "service", 750, 1, 1),
    Good("Racking installation", _SERVICES, "hour", 45, 16, 160),
    Good("Delivery", _SERVICES, "service", 320, 1, 2),
    Good("Forklift driver training", _SERVICES, "service", 215, 1, 4),
    Good("Racking inspection", _SERVICES, "service", 450, 1, 2),
    Good("Equipment maintenance", _SERVICES, "month", 190, 3, 12),
    Good("Forklift repair call-out", _SERVICES, "hour", 58, 2, 20),
)

WORDS: Final = Words(
    language="en",
    organisation="Harbour Storage Systems",
    currency="GBP",
    country="GB",
    time_zone="Europe/London",
    branches=("London", "Leeds"),
    teams=("Racking South", "Equipment South", "Racking North", "Equipment North"),
    men=(
        "Adam", "Ben", "Colin", "Daniel", "Edward", "Frank", "Gavin", "Henry", "Ian", "Jack", "Kevin", "Liam",
        "Martin", "Neil", "Oscar", "Peter", "Robert", "Simon",
    ),
    women=(
        "Alice", "Beth", "Clare", "Diana", "Emma", "Fiona", "Grace", "Helen", "Isla", "Jane", "Kate", "Laura",
        "Megan", "Nora", "Olivia", "Paula", "Rachel", "Sarah",
    ),
    surnames=tuple(
        (name, name)
        for name in (
            "Ashdown", "Barlow", "Coldwell", "Denby", "Elmsley", "Fairburn", "Garside", "Hallam", "Ingham",
            "Jessop", "Kirkby", "Lockwood", "Marsden", "Norcliffe", "Oldroyd", "Pickering", "Quarmby", "Ramsden",
            "Sykes", "Thornton", "Underhill", "Varley", "Whitaker", "Yeadon", "Ackroyd", "Bairstow", "Crossley",
            "Dyson", "Earnshaw", "Firth",
        )
    ),
    company_forms=("{} Ltd", "{} Ltd", "{} Ltd", "{} plc", "{} Trading Ltd", "{} & Sons Ltd"),
    company_first=(
        "Northgate", "Riverside", "Granite", "Vector", "Meridian", "Sunrise", "Beacon", "Cedar", "Falcon", "Atlas",
        "Horizon", "Progress", "Wellspring", "Pioneer", "Orion", "Polar", "Keystone", "Standard", "Highland", "Forum",
        "Central", "Jubilee", "Amber", "Bedrock", "Summit", "Zenith", "Rainbow", "Delta", "Harvest", "Anchor",
        "Willow", "Stonebridge",
    ),
    company_second=(
        "Traders", "Supplies", "Logistics", "Builders", "Farms", "Engineering", "Packaging", "Foods", "Transport",
        "Furniture", "Chemicals", "Metals", "Textiles", "Services", "Parts", "Pharma", "Electrical", "Timber",
        "Markets", "Wholesale",
    ),
    positions=(
        "Director", "Deputy director", "Warehouse manager", "Head of logistics", "Buyer", "Chief engineer",
        "Commercial director", "Stores manager", "Production manager",
    ),
    industries=(
        "Wholesale", "Food", "Logistics", "Building materials", "Engineering", "Furniture", "Pharmaceuticals",
        "Online retail", "Agriculture", "Chemicals", "Car parts", "Textiles",
    ),
    regions=(
        ("Greater London", "Kent", "Essex", "Surrey", "Hampshire", "Berkshire", "Suffolk"),
        ("West Yorkshire", "South Yorkshire", "Greater Manchester", "Merseyside", "Lancashire", "Cheshire", "Durham"),
    ),
    cold_sources=("Cold call", "Exhibition", "Mailing", "Industry list"),
    inbound_sources=("Website", "Search ads", "Referral", "Came back"),
    streets=("Depot Road", "Mill Lane", "Factory Street", "Canal Way", "Station Approach"),
    phones=(
        "+442079460{:03d}", "+441134960{:03d}", "+441144960{:03d}", "+441154960{:03d}", "+441164960{:03d}",
        "+441174960{:03d}", "+441184960{:03d}", "+441214960{:03d}", "+441314960{:03d}", "+441414960{:03d}",
        "+441514960{:03d}", "+441614960{:03d}",
    ),
    goods=GOODS,
    deal_names={
        _RACKS: ("Racking for the warehouse", "Racks for the new hall", "More pallet places", "Mezzanine and shelves"),
        _FORKLIFTS: ("A forklift for the yard", "New forklift fleet", "Forklift for the warehouse"),
        _STACKERS: ("Stackers for narrow aisles", "A reach truck", "Stacker for goods-in"),
        _TROLLEYS: ("Pallet trucks", "Lifting equipment", "Trucks for a shift"),
        _CONTAINERS: ("Pallets and boxes", "Packing for a quarter", "Containers for shipping"),
        _DOCKS: ("Doors and docks", "Fitting out a ramp", "Loading bay"),
        _SERVICES: ("Maintenance of equipment", "Installation and inspection", "Warehouse design"),
    },
    answers={
        "call_reason": (
            "you are moving to a new warehouse in autumn", "your season starts in two months",
            "you are hiring warehouse staff", "the range grows and the space does not",
            "your trucks are over eight years old", "a second hall is being built",
        ),
        "decision_role": ("director", "warehouse manager", "head of logistics", "buyer"),
        "need": (
            "not enough pallet places in season, goods stand in the aisles",
            "the forklift breaks down every month and shipping stops for half a day",
            "picking takes twice as long as we promised the chains",
            "we move to a new hall and the old racks do not fit its height",
            "an inspection is due and the racks have no papers",
            "we want to store more on the same floor, the rent goes up",
        ),
        "decision_maker": ("the director, who also signs", "the finance director, after the warehouse manager",
                           "the commercial director", "the owner"),
        "objection_answer": (
            "showed the payback: 14 months", "offered instalments instead of a discount",
            "took them to a customer's warehouse", "split the delivery in two stages",
        ),
        "competitor": ("a local factory", "a supplier from abroad", "their old supplier", "used equipment"),
        "approval_note": ("Trade the discount for 70 % in advance", "Check the delivery date with stores",
                          "Show installation as a line of its own"),
        "overdue_cause": ("Waiting for the client's measures", "The supplier has not confirmed the date",
                          "Two tenders at once"),
        "payment_delay_cause": ("Their accounts are on holiday", "They wait for funding", "They argue about a penalty"),
        "late_cause": ("Was at a meeting", "It came at lunch", "No answer at the first try"),
        "revision": ("Leave delivery out, they collect", "One level higher", "Add training"),
        "request": ("racking for 400 pallets", "an electric forklift, 2 tons", "two pallet trucks and a stacker",
                    "design and fitting of a mezzanine", "pallets every month"),
        "site_limits": ("5.2 m to the beam", "the floor is uneven", "access from one end only"),
        "contract_number": ("HS-{:04d}",),
        "contract_changes": ("Make the penalty mutual", "Pay 50/50 instead of 70/30"),
        "loss_note": ("Come back in half a year", "Bought from friends", "The project was stopped"),
        "": ("Talked it over, noted", "Agreed in writing", "The client confirmed"),
    },
    taken_up=(
        "I call the client myself today", "Talking to the rep at noon", "We wait for stores, new date on Thursday",
        "Taken into the morning meeting",
    ),
    written=(
        "Call them today, please, and tell me what they say", "What do they wait for? Come by before five",
        "Offer them delivery in two parts, I agree to it",
    ),
    requests=(
        ("Grace Holt", "Millbrook Bakeries Ltd", "grace@millbrook.example", "Racking for a cold store, 240 pallets."),
        ("Owen Tate", "", "owen.tate@post.example", "What does a used forklift of 1.5 t cost, with delivery?"),
        ("Nina Frost", "Frost & Daughters Ltd", "nina@frost.example", "Two pallet trucks, please call before noon."),
        ("Hugh Lane", "Lane Timber Ltd", "hugh@lanetimber.example", "Cantilever racks for boards of six metres."),
        ("Ruth Dale", "Dale Parcels Ltd", "ruth@daleparcels.example", "We move in spring and need a layout."),
    ),
)  # fmt: skip
