"""Published vectors that the other tests of the ledger do not hold yet: RFC 8785, RFC 8032, RFC 9162.

parkopt refuses floats in records on purpose: a float has many spellings, and two readers may
round it differently, so the numbers of RFC 8785 appendix B have no canonical form here. Its
table is checked against the package `rfc8785` itself, which parkopt writes records with.
"""

from __future__ import annotations

import hashlib
import math
import struct

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from parkopt.faults import NotCanonical
from parkopt.ledger import canonical, parse
from parkopt.ledger.merkle import Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion
from parkopt.ledger.stored_tree import StoredTree, edge_of, edge_root, grow
from tests.ledger.test_ledger_merkle import INPUTS, ROOTS

# ---------------------------------------------------------------- RFC 8785

APPENDIX_B = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


def number(bits: str) -> float:
    (found,) = struct.unpack(">d", bytes.fromhex(bits))
    return found


@pytest.mark.parametrize(("bits", "text"), APPENDIX_B)
def test_rfc_8785_appendix_b(bits, text):
    assert rfc8785.dumps(number(bits)) == text.encode()
    with pytest.raises(NotCanonical):
        canonical(number(bits))
    if not text.lstrip("-").isdigit():
        with pytest.raises(NotCanonical):
            parse(text)


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000"])
def test_rfc_8785_appendix_b_has_no_form_for_nan_and_infinity(bits):
    assert not math.isfinite(number(bits))
    for write in (rfc8785.dumps, canonical):
        with pytest.raises((NotCanonical, rfc8785.CanonicalizationError)):
            write(number(bits))


def test_rfc_8785_section_3_2_2_with_its_numbers():
    """The whole sample; its numbers only through the package."""
    sample = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert rfc8785.dumps(sample) == expected.encode()


def test_rfc_8785_section_3_2_4_bytes():
    """The UTF-8 bytes that the RFC prints for that sample, of the parts without floats."""
    text = rb"""{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    literals = "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c"
    string = "22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d"
    assert canonical(parse(text)).hex() == literals + string


def test_rfc_8785_section_3_2_3_sorting_whole():
    sample = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    expected = (
        '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",'
        '"\u20ac":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
    )
    assert canonical(sample) == expected.encode()


# ---------------------------------------------------------------- RFC 8032 section 7.1

LONG = """
08b8b2b733424243760fe426a4b54908632110a66c2f6591eabd3345e3e4eb98fa6e264bf09efe12ee50f8f54e9f77b1
e355f6c50544e23fb1433ddf73be84d879de7c0046dc4996d9e773f4bc9efe5738829adb26c81b37c93a1b270b20329d
658675fc6ea534e0810a4432826bf58c941efb65d57a338bbd2e26640f89ffbc1a858efcb8550ee3a5e1998bd177e93a
7363c344fe6b199ee5d02e82d522c4feba15452f80288a821a579116ec6dad2b3b310da903401aa62100ab5d1a36553e
06203b33890cc9b832f79ef80560ccb9a39ce767967ed628c6ad573cb116dbefefd75499da96bd68a8a97b928a8bbc10
3b6621fcde2beca1231d206be6cd9ec7aff6f6c94fcd7204ed3455c68c83f4a41da4af2b74ef5c53f1d8ac70bdcb7ed1
85ce81bd84359d44254d95629e9855a94a7c1958d1f8ada5d0532ed8a5aa3fb2d17ba70eb6248e594e1a2297acbbb39d
502f1a8c6eb6f1ce22b3de1a1f40cc24554119a831a9aad6079cad88425de6bde1a9187ebb6092cf67bf2b13fd65f270
88d78b7e883c8759d2c4f5c65adb7553878ad575f9fad878e80a0c9ba63bcbcc2732e69485bbc9c90bfbd62481d9089b
eccf80cfe2df16a2cf65bd92dd597b0707e0917af48bbb75fed413d238f5555a7a569d80c3414a8d0859dc65a46128ba
b27af87a71314f318c782b23ebfe808b82b0ce26401d2e22f04d83d1255dc51addd3b75a2b1ae0784504df543af8969b
e3ea7082ff7fc9888c144da2af58429ec96031dbcad3dad9af0dcbaaaf268cb8fcffead94f3c7ca495e056a9b47acdb7
51fb73e666c6c655ade8297297d07ad1ba5e43f1bca32301651339e22904cc8c42f58c30c04aafdb038dda0847dd988d
cda6f3bfd15c4b4c4525004aa06eeff8ca61783aacec57fb3d1f92b0fe2fd1a85f6724517b65e614ad6808d6f6ee34df
f7310fdc82aebfd904b01e1dc54b2927094b2db68d6f903b68401adebf5a7e08d78ff4ef5d63653a65040cf9bfd4aca7
984a74d37145986780fc0b16ac451649de6188a7dbdf191f64b5fc5e2ab47b57f7f7276cd419c17a3ca8e1b939ae49e4
88acba6b965610b5480109c8b17b80e1b7b750dfc7598d5d5011fd2dcc5600a32ef5b52a1ecc820e308aa342721aac09
43bf6686b64b2579376504ccc493d97e6aed3fb0f9cd71a43dd497f01f17c0e2cb3797aa2a2f256656168e6c496afc5f
b93246f6b1116398a346f1a641f3b041e989f7914f90cc2c7fff357876e506b50d334ba77c225bc307ba537152f3f161
0e4eafe595f6d9d90d11faa933a15ef1369546868a7f3a45a96768d40fd9d03412c091c6315cf4fde7cb68606937380d
b2eaaa707b4c4185c32eddcdd306705e4dc1ffc872eeee475a64dfac86aba41c0618983f8741c5ef68d3a101e8a3b8ca
c60c905c15fc910840b94c00a0b9d0
"""
ED25519 = {  # secret key, public key, message, signature; TEST 1 and 2 stand in test_ledger_checkpoint.py
    "TEST 3": """c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7
        fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025
        af82
        6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
        18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a""",
    "TEST 1024": f"""f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5
        278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e
        {"".join(LONG.split())}
        0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350
        aa5371b1508f9f4528ecea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03""",
    "TEST SHA(abc)": f"""833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42
        ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf
        {hashlib.sha512(b"abc").hexdigest()}
        dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589
        09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704""",
}


@pytest.mark.parametrize("name", ED25519)
def test_rfc_8032(name):
    secret, public, message, *halves = map(bytes.fromhex, ED25519[name].split())
    signature = b"".join(halves)
    key = Ed25519PrivateKey.from_private_bytes(secret)
    assert key.public_key().public_bytes_raw() == public
    assert key.sign(message) == signature
    verifier = Ed25519PublicKey.from_public_bytes(public)
    verifier.verify(signature, message)
    with pytest.raises(InvalidSignature):
        verifier.verify(signature, message + b"\x00")


# ---------------------------------------------------------------- RFC 9162 section 2.1.5


def test_rfc_9162_the_example_of_seven_leaves():
    """Names of nodes, paths and proofs as the RFC draws them."""
    leaves = [b"d%d" % index for index in range(7)]
    a, b, c, d, e, f, j = map(leaf_hash, leaves)
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, n = node_hash(g, h), node_hash(i, j)
    root = node_hash(k, n)
    tree = Tree((a, b, c, d, e, f, j))
    assert tree.root() == root
    assert tree.inclusion_path(0) == [b, h, n]
    assert tree.inclusion_path(3) == [c, g, n]
    assert tree.inclusion_path(4) == [f, j, k]
    assert tree.inclusion_path(6) == [i, k]
    assert tree.consistency_path(3) == [c, d, g, n]
    assert tree.consistency_path(4) == [n]
    assert tree.consistency_path(6) == [i, j, k]


HASHES = list(map(leaf_hash, INPUTS))


def stored(count):
    """Return a tree that is read from a store, grown in two steps as the log in the database is."""
    kept, edge = {(0, index): leaf for index, leaf in enumerate(HASHES[:count])}, {}
    first = count // 2
    for size, leaves in ((0, HASHES[:first]), (first, HASHES[first:count])):
        kept |= {(level, place): node for level, place, node in grow(edge, size, leaves)}
    return StoredTree(count, lambda places: {place: kept[place] for place in places}), edge


@pytest.mark.parametrize("size", range(1, 9))
def test_certificate_transparency_roots_from_stored_nodes_and_from_the_edge(size):
    tree, edge = stored(size)
    assert tree.root().hex() == ROOTS[size]
    assert edge_root(edge, size).hex() == ROOTS[size]
    assert {level for level, _ in edge_of(size)} <= set(edge)


@pytest.mark.parametrize("size", range(1, 9))
def test_certificate_transparency_every_path_leads_to_a_published_root(size):
    """All inclusion and consistency paths of 1 to 8 leaves, from stored nodes, against the published roots."""
    (tree, _), root, memory = stored(size), bytes.fromhex(ROOTS[size]), Tree(HASHES[:size])
    for index in range(size):
        path = tree.inclusion_path(index)
        assert path == memory.inclusion_path(index)
        assert verify_inclusion(HASHES[index], index, size, path, root)
    for old in range(1, size + 1):
        path = tree.consistency_path(old)
        assert path == memory.consistency_path(old)
        assert verify_consistency(old, size, bytes.fromhex(ROOTS[old]), root, path)


def test_pymerkle_has_the_roots_that_the_edge_gives():
    pymerkle = pytest.importorskip("pymerkle")
    other, edge = pymerkle.InmemoryTree(algorithm="sha256"), {}
    state = getattr(other, "get_root", None) or other.get_state  # renamed in pymerkle 7
    for index in range(300):
        data = b"leaf %d" % index
        other.append_entry(data)
        grow(edge, index, [leaf_hash(data)])
        assert edge_root(edge, index + 1) == state()
