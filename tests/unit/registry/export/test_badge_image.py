import io
import json

import pytest
from lxml import etree
from PIL import Image

from registry.documents.data_integrity import read_proofs, verify_proof
from registry.export.badge_image import KEYWORD, NAMESPACE, export_badge_image
from tests.support import portable
from tests.support.signer import KeySigner, make_copy


def export(form, credential=None, copy=None, signer=None):
    signer = signer or KeySigner()
    return export_badge_image(credential or portable.credential(), copy or make_copy(), signer, form)


def read(form, content):
    if form == "png":
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return json.loads(image.info[KEYWORD])
    [baked] = etree.fromstring(content).iter(f"{{{NAMESPACE}}}credential")
    return json.loads(baked.text)


@pytest.mark.parametrize("form", ["svg", "png"])
def test_an_image_has_the_signed_credential_in_it(form):
    signer = KeySigner()
    document = read(form, export(form, signer=signer).content)
    [proof] = read_proofs(document)
    verify_proof(document, proof, signer.jwk)


def test_a_png_has_the_credential_once_and_uncompressed():
    content = export("png").content
    assert content.count(b"iTXt" + KEYWORD.encode() + b"\0\0\0\0\0{") == 1
    assert content.count(KEYWORD.encode()) == 1


def test_the_credential_is_the_first_element_of_an_svg_as_the_format_wants_it():
    content = export("svg").content
    root = etree.fromstring(content)
    assert root[0].tag == f"{{{NAMESPACE}}}credential"
    assert b"<openbadges:credential><![CDATA[{" in content


@pytest.mark.parametrize("form", ["svg", "png"])
def test_titles_with_markup_long_words_and_other_directions_are_drawn_and_kept(form):
    title = "<b>&amp; ]]> 'שלום' مرحبا " + "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 3
    credential = portable.credential(achievement=portable.achievement_content(title={"en": title}))
    document = read(form, export(form, credential).content)
    assert document["name"] == title
    Image.open(io.BytesIO(export("png", credential).content)).verify()


def test_an_svg_says_in_words_what_it_shows():
    root = etree.fromstring(export("svg").content)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Data literacy"
    words = root.findtext("{http://www.w3.org/2000/svg}desc")
    assert "University of Twente; 5 ECTS · EQF 6; 2026; https://" in words


def test_the_link_leads_to_the_credential_only_with_an_open_tie():
    [link] = etree.fromstring(export("svg").content).iter("{http://www.w3.org/2000/svg}a")
    assert portable.CREDENTIAL not in link.get("href")
    [link] = etree.fromstring(export("svg", copy=make_copy(tie="open")).content).iter("{http://www.w3.org/2000/svg}a")
    assert link.get("href") == portable.credential().verification_url


def test_the_image_shows_nothing_of_the_person():
    words = " ".join(etree.fromstring(export("svg").content).itertext("{http://www.w3.org/2000/svg}desc"))
    assert "Zoë" not in words
