@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.conformance

import kr.example.wallet.core.Attestation
import kr.example.wallet.core.CreatedKeys
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyPurpose
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.NewKey
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.Residence
import kr.example.wallet.core.SignRequest
import kr.example.wallet.core.UserAuthentication
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

/** What every [KeyStore] does. On a phone the person who runs it approves every prompt. */
public abstract class KeyStoreConformance {
    /** A store whose citizen approves every prompt. */
    protected abstract fun make(): KeyStore

    /** `count` keys with different ids and public halves. */
    @Test
    public fun makes_as_many_different_keys_as_asked(): Unit =
        case {
            val keys = keys(make(), HOLDER, 5).keys
            assertEquals("as many keys are made as asked for", 5, keys.size)
            assertEquals("no two ids are the same", 5, keys.map { it.id }.toSet().size)
            assertEquals("no two keys are the same", 5, keys.map { it.publicKey.toList() }.toSet().size)
        }

    /** One chain per key whose leaf holds the key and the challenge. App Attest vouches for all keys at once. */
    @Test
    public fun attests_each_key_over_the_challenge(): Unit =
        case {
            val made = keys(make(), HOLDER, 2)
            val chains =
                when (val attestation = made.attestation) {
                    is Attestation.AndroidChain -> {
                        attestation.chains
                    }

                    is Attestation.Software -> {
                        attestation.chains
                    }

                    is Attestation.AppAttest -> {
                        assertTrue("App Attest carries an object", attestation.`object`.isNotEmpty())
                        assertTrue("App Attest carries an assertion", attestation.assertion.isNotEmpty())
                        return@case
                    }
                }
            assertEquals("there is one chain per key", made.keys.size, chains.size)
            for ((chain, key) in chains.zip(made.keys)) {
                assertTrue("a chain has a leaf and an issuer", chain.size >= 2)
                assertTrue("the leaf holds the attested key", chain.first().holds(key.publicKey))
                assertTrue("the leaf holds the challenge", chain.first().holds(CHALLENGE))
            }
        }

    /** ES256 under the key that was given out. */
    @Test
    public fun a_holder_key_signs(): Unit =
        case {
            val store = make()
            val key = key(store, HOLDER)
            val signatures = sign(store, key.id)
            assertEquals("one request gives one signature", 1, signatures.size)
            assertTrue("a signature verifies under its public key", verifies(key.publicKey, MESSAGE, signatures.single()))
        }

    /** One prompt authorises one operation. */
    @Test
    public fun a_key_for_each_use_takes_one_request(): Unit =
        case {
            val store = make()
            val key = key(store, HOLDER)
            refuses<KeyStoreException>("two requests under one prompt are refused") { sign(store, key.id, 2) }
            refuses<KeyStoreException>("a prompt for nothing is refused") { sign(store, key.id, 0) }
        }

    /** ES256 without a prompt. */
    @Test
    public fun an_instance_key_signs(): Unit =
        case {
            val store = make()
            val key = key(store, INSTANCE)
            val signature = store.signInstance(key.id, MESSAGE.copyOf())
            assertTrue("a signature verifies under its public key", verifies(key.publicKey, MESSAGE, signature))
        }

    /** No Holder key signs without a prompt; no Instance key signs a presentation; neither wraps. */
    @Test
    public fun kinds_do_not_stand_in_for_each_other(): Unit =
        case {
            val store = make()
            val (holder, instance, wrap) = listOf(HOLDER, INSTANCE, WRAP_DEVICE).map { key(store, it).id }
            for (other in listOf(holder, wrap)) {
                refuses<KeyStoreException>("only an Instance key signs without a prompt") { store.signInstance(other, MESSAGE.copyOf()) }
            }
            for (other in listOf(instance, wrap)) {
                refuses<KeyStoreException>("only a Holder key signs a presentation") { sign(store, other) }
            }
            for (other in listOf(holder, instance)) {
                refuses<KeyStoreException>("only a wrapping key wraps") { store.wrap(other, ByteArray(32) { 1 }) }
            }
        }

    /** With the same key and unaltered. */
    @Test
    public fun unwraps_what_it_wrapped_and_nothing_else(): Unit =
        case {
            val store = make()
            for (policy in listOf(WRAP_DEVICE, WRAP_PERSON)) {
                val (key, other) = key(store, policy).id to key(store, policy).id
                val plain = ByteArray(32) { it.toByte() }
                val wrapped = store.wrap(key, plain.copyOf())
                for (start in 0..plain.size - 8) {
                    assertFalse("wrapped is not clear", wrapped.holds(plain.copyOfRange(start, start + 8)))
                }
                assertArrayEquals("what comes back is what was wrapped", plain, store.unwrap(key, wrapped.copyOf(), PROMPT))
                refuses<KeyStoreException>("another key does not unwrap it") { store.unwrap(other, wrapped.copyOf(), PROMPT) }
                val altered = wrapped.copyOf().also { it[it.lastIndex] = (it.last().toInt() xor 1).toByte() }
                refuses<KeyStoreException>("altered bytes do not unwrap") { store.unwrap(key, altered, PROMPT) }
                refuses<KeyStoreException>("no bytes do not unwrap") { store.unwrap(key, ByteArray(0), PROMPT) }
            }
        }

    /** It wraps keys, not documents. */
    @Test
    public fun wraps_at_most_64_bytes(): Unit =
        case {
            val store = make()
            val key = key(store, WRAP_DEVICE).id
            store.wrap(key, ByteArray(64) { 1 })
            refuses<KeyStoreException>("65 bytes are refused") { store.wrap(key, ByteArray(65) { 1 }) }
        }

    /** Deleting says which ids are gone, those that never were included; a deleted key does nothing any more. */
    @Test
    public fun a_deleted_key_is_gone(): Unit =
        case {
            val store = make()
            val (gone, kept) = key(store, HOLDER).id to key(store, HOLDER).id
            val ids = listOf(gone, "never-was")
            assertEquals("delete gives back every id that is gone now", ids.sorted(), store.delete(ids).sorted())
            refuses<KeyStoreException.KeyNotFound>("a deleted key is not found") { sign(store, gone) }
            assertEquals("other keys stay", 1, sign(store, kept).size)
        }

    private suspend fun keys(
        store: KeyStore,
        policy: KeyPolicy,
        count: Int,
    ): CreatedKeys = store.create(policy, CHALLENGE.copyOf(), count.toUInt())

    private suspend fun key(
        store: KeyStore,
        policy: KeyPolicy,
    ): NewKey = keys(store, policy, 1).keys.single()

    private suspend fun sign(
        store: KeyStore,
        key: String,
        count: Int = 1,
    ): List<ByteArray> = store.sign(key, List(count) { SignRequest(MESSAGE.copyOf()) }, PROMPT)

    private companion object {
        val CHALLENGE = "conformance challenge".encodeToByteArray()
        val MESSAGE = "message".encodeToByteArray()
        val PROMPT = Prompt("Test", "Conformance", null)

        /** The core's own policies; it makes no other keys. */
        val HOLDER = KeyPolicy(KeyPurpose.HOLDER, UserAuthentication.EachUse, Residence.SECURE_WORLD)
        val INSTANCE = KeyPolicy(KeyPurpose.INSTANCE, UserAuthentication.None, Residence.SECURE_ELEMENT)
        val WRAP_DEVICE = KeyPolicy(KeyPurpose.WRAP, UserAuthentication.None, Residence.SECURE_WORLD)
        val WRAP_PERSON = KeyPolicy(KeyPurpose.WRAP, UserAuthentication.EachUse, Residence.SECURE_WORLD)
    }
}
