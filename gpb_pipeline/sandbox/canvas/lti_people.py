"""Who can sign in to the sandbox Canvas to open the tool, and what each is in every course."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from gpb_pipeline.sandbox.district import Person
from gpb_pipeline.sandbox.people import TEACHER

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
INSTITUTION, MEMBERSHIP = f"{LIS}institution/person#", f"{LIS}membership#"
USER = "http://purl.imsglobal.org/vocab/lti/system/person#User"
ALL_GRADES = ("view_all_grades", "manage_grades")


@dataclass(frozen=True)
class Member:
    """A person as Canvas tells a tool of them: `limited` to the course's first section, or not."""

    person: Person
    what: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...] = ()
    limited: bool = False
    enrolled: bool = True

    @property
    def subject(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"sandbox-canvas-user-{self.person.id}"))


_TEACHES = (f"{INSTITUTION}Instructor", f"{MEMBERSHIP}Instructor", USER)
_STUDIES = f"{INSTITUTION}Student"
MEMBERS = {
    member.person.id: member
    for member in (
        Member(TEACHER, "teacher", _TEACHES, ALL_GRADES),
        Member(
            Person(56, "Tomas", "Aldridge", "T56"),
            "TA",
            (*_TEACHES, f"{LIS}membership/Instructor#TeachingAssistant"),
            ALL_GRADES,
        ),
        Member(
            Person(57, "Lena", "Marsh", "T57"), "teacher of one section", _TEACHES, ALL_GRADES, limited=True
        ),
        Member(Person(58, "Rex", "Ode", None), "teacher who may only look", _TEACHES, ALL_GRADES[:1]),
        Member(Person(60, "Dee", "Signer", None), "designer", (f"{MEMBERSHIP}ContentDeveloper", USER)),
        Member(Person(61, "Ob", "Server", None), "observer", (f"{MEMBERSHIP}Mentor", USER)),
        Member(
            Person(62, "Stu", "Dent", None),
            "student here, teacher elsewhere",
            (f"{INSTITUTION}Instructor", _STUDIES, f"{MEMBERSHIP}Learner", USER),
        ),
        Member(
            Person(70, "Ada", "Min", None),
            "account admin",
            (f"{INSTITUTION}Administrator", USER),
            ALL_GRADES,
            enrolled=False,
        ),
        Member(
            Person(71, "Sub", "Admin", None),
            "admin of another account",
            (f"{INSTITUTION}Administrator", USER),
            enrolled=False,
        ),
    )
}
