package kr.example.wallet.android

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kr.example.wallet.android.fake.Citizen
import kr.example.wallet.android.fake.Hardware
import kr.example.wallet.core.KeyStoreException
import kr.example.wallet.core.SignRequest
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNotSame
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** What keys do, and how often the citizen is asked. */
@RunWith(RobolectricTestRunner::class)
class KeyUseTest {
    @get:Rule val phone = Phone()
    private val store by lazy { phone.keyStore() }

    @Test
    fun `each signature of a holder key shows one prompt that carries the operation`() =
        patiently {
            val key = store.create(HOLDER, CHALLENGE, 1u).keys.single()
            repeat(2) { round ->
                assertEquals(64, store.sign(key.id, listOf(request()), PROMPT).single().size)
                assertEquals(round + 1, Citizen.shown.size)
            }
            val (first, second) = Citizen.shown.toList()
            assertNotNull(first.crypto?.signature)
            assertNotSame(first.crypto, second.crypto)
        }

    @Test
    fun `an approval that never came is not made up`() =
        patiently {
            val key = store.create(HOLDER, CHALLENGE, 1u).keys.single()
            Citizen.deeds += Citizen.Deed.Error(10)
            assertFailsWith<KeyStoreException.UserCancelled> { store.sign(key.id, listOf(request()), PROMPT) }
            // The next prompt's approval is for its own operation.
            assertEquals(1, store.sign(key.id, listOf(request()), PROMPT).size)
        }

    @Test
    fun `a prompt that is refused before it began costs no prompt`() =
        patiently {
            val key = store.create(HOLDER, CHALLENGE, 1u).keys.single()
            assertFailsWith<KeyStoreException.Failed> { store.sign(key.id, listOf(request(), request()), PROMPT) }
            assertFailsWith<KeyStoreException.Failed> { store.sign(key.id, emptyList(), PROMPT) }
            Hardware.enrolAnotherFinger()
            assertFailsWith<KeyStoreException.KeyInvalidated> { store.sign(key.id, listOf(request()), PROMPT) }
            store.delete(listOf(key.id))
            assertFailsWith<KeyStoreException.KeyNotFound> { store.sign(key.id, listOf(request()), PROMPT) }
            assertEquals(0, Citizen.shown.size)
        }

    @Test
    fun `a key of a window signs several times under one prompt without an operation`() =
        patiently {
            val key = store.create(window(5), CHALLENGE, 1u).keys.single()
            assertEquals(3, store.sign(key.id, List(3) { request() }, PROMPT).size)
            assertNull(Citizen.shown.single().crypto)
        }

    @Test
    fun `an instance key signs without a prompt`() =
        patiently {
            val key = store.create(INSTANCE, CHALLENGE, 1u).keys.single()
            assertEquals(64, store.signInstance(key.id, byteArrayOf(1)).size)
            assertEquals(0, Citizen.shown.size)
        }

    @Test
    fun `wrapping shows no prompt and unwrapping for the person one`() =
        patiently {
            val (person, device) =
                listOf(WRAP_PERSON, WRAP_DEVICE).map {
                    store
                        .create(it, ByteArray(0), 1u)
                        .keys
                        .single()
                        .id
                }
            val plain = ByteArray(32) { it.toByte() }
            val (sealed, open) = listOf(person, device).map { store.wrap(it, plain.copyOf()) }
            assertEquals(0, Citizen.shown.size)
            assertContentEquals(plain, store.unwrap(device, open, PROMPT))
            assertEquals(0, Citizen.shown.size)
            assertContentEquals(plain, store.unwrap(person, sealed, PROMPT))
            assertNotNull(
                Citizen.shown
                    .single()
                    .crypto
                    ?.cipher,
            )
        }

    @Test
    fun `the person's key unwraps nothing without a prompt`() =
        patiently {
            val key =
                store
                    .create(WRAP_PERSON, ByteArray(0), 1u)
                    .keys
                    .single()
                    .id
            val wrapped = store.wrap(key, ByteArray(32))
            val failure = assertFailsWith<KeyStoreException.Failed> { store.unwrap(key, wrapped, null) }
            assertEquals(KeyStoreCodes.KEY_USER_NOT_AUTHENTICATED, failure.osCode)
            assertEquals(0, Citizen.shown.size)
        }

    @Test
    fun `a person's key of a window unwraps under a prompt`() =
        patiently {
            val key =
                store
                    .create(window(5, kr.example.wallet.core.KeyPurpose.WRAP), ByteArray(0), 1u)
                    .keys
                    .single()
                    .id
            val wrapped = store.wrap(key, ByteArray(32) { 3 })
            assertContentEquals(ByteArray(32) { 3 }, store.unwrap(key, wrapped, PROMPT))
            assertNull(Citizen.shown.single().crypto)
        }

    @Test
    fun `altered bytes are told from a dead key`() =
        patiently {
            for (policy in listOf(WRAP_DEVICE, WRAP_PERSON)) {
                val key =
                    store
                        .create(policy, ByteArray(0), 1u)
                        .keys
                        .single()
                        .id
                val wrapped = store.wrap(key, ByteArray(32) { 1 })
                wrapped[5] = (wrapped[5].toInt() xor 1).toByte()
                val altered = assertFailsWith<KeyStoreException.Failed> { store.unwrap(key, wrapped, PROMPT) }
                assertEquals(KeyStoreCodes.VERIFICATION_FAILED, altered.osCode)
            }
            val person =
                store
                    .create(WRAP_PERSON, ByteArray(0), 1u)
                    .keys
                    .single()
                    .id
            val wrapped = store.wrap(person, ByteArray(32))
            Hardware.enrolAnotherFinger()
            assertFailsWith<KeyStoreException.KeyInvalidated> { store.unwrap(person, wrapped, PROMPT) }
        }

    @Test
    fun `what was wrapped is wiped`() =
        patiently {
            for (policy in listOf(WRAP_DEVICE, WRAP_PERSON)) {
                val plain = ByteArray(32) { 7 }
                store.wrap(
                    store
                        .create(policy, ByteArray(0), 1u)
                        .keys
                        .single()
                        .id,
                    plain,
                )
                assertContentEquals(ByteArray(32), plain)
            }
        }

    @Test
    fun `deleting names what is gone and leaves other keys of the app alone`() =
        patiently {
            val (first, second) = store.create(HOLDER, CHALLENGE, 2u).keys.map { it.id }
            Hardware.entries["the app's own"] = Hardware.entries.getValue(second)
            Hardware.faults[Hardware.Act.DELETE] = java.security.KeyStoreException("busy")
            assertEquals(listOf("never was"), store.delete(listOf(first, "the app's own", "never was")))
            assertEquals(listOf(first, second), store.delete(listOf(first, second)))
            assertEquals(setOf("the app's own"), Hardware.entries.keys.toSet())
        }

    @Test
    fun `the app's own keys are no keys of the core`() =
        patiently {
            Hardware.entries["the app's own"] =
                store
                    .create(HOLDER, CHALLENGE, 1u)
                    .keys
                    .single()
                    .let { Hardware.entries.getValue(it.id) }
            assertFailsWith<KeyStoreException.KeyNotFound> { store.sign("the app's own", listOf(request()), PROMPT) }
            assertFailsWith<KeyStoreException.KeyNotFound> { store.home("the app's own") }
        }

    @Test
    fun `twenty signatures at once are twenty prompts and no deadlock`() =
        patiently {
            val keys = store.create(HOLDER, CHALLENGE, 20u).keys
            val signed =
                coroutineScope {
                    keys
                        .map {
                            async(
                                Dispatchers.Default,
                            ) { store.sign(it.id, listOf(request()), PROMPT) }
                        }.map { it.await() }
                }
            assertEquals(20, signed.size)
            assertEquals(20, Citizen.shown.size)
        }

    @Test
    fun `a coroutine that is cancelled takes its prompt away and other keys go on`() =
        patiently {
            val key = store.create(HOLDER, CHALLENGE, 1u).keys.single()
            Citizen.deeds += Citizen.Deed.Wait
            coroutineScope {
                val signing = launch(Dispatchers.Default) { store.sign(key.id, listOf(request()), PROMPT) }
                awaitPrompt()
                signing.cancelAndJoin()
            }
            assertTrue(
                Citizen.shown
                    .single()
                    .signal.isCanceled,
            )
            assertEquals(1, store.sign(key.id, listOf(request()), PROMPT).size)
        }

    @Test
    fun `nothing is held while a prompt waits`() =
        patiently {
            val (waiting, other) = store.create(HOLDER, CHALLENGE, 2u).keys.map { it.id }
            Citizen.deeds += Citizen.Deed.Wait
            coroutineScope {
                val signing = launch(Dispatchers.Default) { store.sign(waiting, listOf(request()), PROMPT) }
                awaitPrompt()
                assertEquals(1, store.sign(other, listOf(request()), PROMPT).size)
                assertEquals(listOf(other), store.delete(listOf(other)))
                store.create(INSTANCE, CHALLENGE, 1u)
                signing.cancelAndJoin()
            }
        }

    @Test
    fun `a batch that is cancelled stops and leaves nothing`() =
        patiently {
            coroutineScope {
                val making = launch(Dispatchers.Default, CoroutineStart.LAZY) { store.create(HOLDER, CHALLENGE, 64u) }
                Hardware.making = { if (Hardware.asked.size == 2) making.cancel() }
                making.join()
            }
            assertEquals(2, Hardware.asked.size)
            assertTrue(Hardware.entries.isEmpty())
        }

    private suspend fun awaitPrompt() {
        while (Citizen.shown.isEmpty()) delay(1)
    }

    private fun request() = SignRequest("message".encodeToByteArray())
}
