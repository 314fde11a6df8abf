@file:Suppress("ktlint:standard:function-naming", "FunctionName")

package kr.example.wallet.behaviours

import kr.example.wallet.behaviours.Stage.Companion.play
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState
import kr.example.wallet.core.WrapKeyId
import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class OpeningBehaviours {
    @Test
    fun opens_empty_without_a_prompt() =
        play {
            val phone = phone()
            phone.open().use { assertEquals(WalletState.EMPTY, it.state()) }
            assertEquals(0, phone.prompts())
            assertEquals(0, phone.http.sent.get())
        }

    @Test
    fun opens_again_with_the_same_card() =
        play {
            val phone = phone()
            val before = phone.enrolled().use { it.cards().single().id }
            phone.open().use {
                assertEquals(WalletState.LOCKED, it.state())
                it.unlock()
                assertEquals(before, it.cards().single().id)
            }
        }

    @Test
    fun a_damaged_vault_is_moved_aside() =
        play {
            val phone = phone()
            phone.enrolled().close()
            phone.vault.writeBytes(phone.vault.readBytes().also { bytes -> bytes.fill(0x55, bytes.size / 2) })
            val corrupt = assertFailsWith<WalletException.StorageCorrupt> { phone.open() }
            assertTrue(File(checkNotNull(corrupt.keptAt)).length() > 0)
            phone.open().use { assertEquals(WalletState.EMPTY, it.state()) }
        }

    @Test
    fun unlocks_with_one_prompt() =
        play {
            val phone = phone()
            phone.open().use {
                it.unlock()
                assertEquals(1, phone.prompts())
                it.unlock()
                assertEquals(1, phone.prompts())
            }
        }

    @Test
    fun a_cancelled_unlock_stays_locked() =
        play {
            val phone = phone()
            phone.open().use {
                phone.hardware.answerNext("cancel")
                assertFailsWith<WalletException.UserCancelled> { it.unlock() }
                assertFailsWith<WalletException.Locked> { it.cards() }
            }
        }

    @Test
    fun a_lock_while_the_prompt_is_up_wins() =
        play {
            val phone = phone()
            phone.enrolled().close()
            var meanwhile = {}
            val keys =
                object : KeyStore by phone.hardware {
                    override suspend fun unwrap(
                        key: WrapKeyId,
                        wrapped: ByteArray,
                        prompt: Prompt?,
                    ): ByteArray {
                        if (prompt != null) meanwhile()
                        return phone.hardware.unwrap(key, wrapped, prompt)
                    }
                }
            phone.open(keyStore = keys).use {
                val prompts = phone.prompts()
                meanwhile = { it.lock() }
                assertFailsWith<WalletException.Locked> { it.unlock() }
                assertEquals(WalletState.LOCKED, it.state())
                meanwhile = {}
                it.unlock()
                assertEquals(WalletState.READY, it.state())
                assertEquals(prompts + 2, phone.prompts())
            }
        }

    @Test
    fun a_lock_out_is_told() =
        play {
            val phone = phone()
            phone.open().use {
                phone.hardware.answerNext("fail_until_locked_out")
                assertFailsWith<WalletException.LockedOut> { it.unlock() }
                assertFailsWith<WalletException.LockedOut> { it.unlock() }
                phone.hardware.endLockOut()
                it.unlock()
            }
        }

    @Test
    fun missing_biometrics_are_told() =
        play {
            val phone = phone()
            phone.hardware.setNoBiometrics(true)
            assertFailsWith<WalletException.NoBiometrics> { phone.open() }
            phone.hardware.setNoBiometrics(false)
            phone.open().use { it.unlock() }
        }

    @Test
    fun invalidated_keys_start_over() =
        play {
            val phone = phone()
            phone.enrolled().use {
                it.lock()
                phone.hardware.invalidateKeys()
                assertFailsWith<WalletException.KeyInvalidated> { it.unlock() }
                it.startOver()
                assertEquals(emptyList(), it.cards())
                phone.enrol(it)
                assertEquals(1, it.cards().size)
            }
        }

    @Test
    fun a_locked_wallet_shows_nothing() =
        play {
            phone().enrolled().use {
                val card = it.cards().single().id
                it.lock()
                assertFailsWith<WalletException.Locked> { it.cards() }
                assertFailsWith<WalletException.Locked> { it.history() }
                assertFailsWith<WalletException.Locked> { it.show(card, Disclosure.ADULT_ONLY) }
            }
        }
}
